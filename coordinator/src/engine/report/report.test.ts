import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../testing/two-ends.js';

const elsewhere = { server: '10.9.9.9' };
const syn: Told = {
  at: 100,
  from: 'client',
  seenBy: 'client',
  tuple: elsewhere,
  columns: { tcpFlags: 0x02, sequence: 77 },
};
const synAck: Told = {
  at: 110,
  from: 'server',
  seenBy: 'client',
  tuple: elsewhere,
  columns: { tcpFlags: 0x12, sequence: 99, acknowledgment: 78 },
};
const exchange: Told[] = [
  {
    at: 30,
    from: 'client',
    columns: { tcpFlags: 0x18, sequence: 1001, acknowledgment: 5001, payloadLength: 50 },
  },
  {
    at: 50,
    from: 'server',
    columns: { tcpFlags: 0x18, sequence: 5001, acknowledgment: 1051, payloadLength: 50 },
  },
];

const headlineOf = (...packets: Told[]) =>
  new TwoEnds().say(...handshake(), ...exchange, ...packets).report().headline;

test('what went unanswered at hosts that the other capture is not at is not kept from the reader', () => {
  expect(headlineOf(syn)).toContain('A connection attempt in client got no answer');
  expect(headlineOf(syn)).toContain('not judged');
});

test('connections elsewhere that work are nobody’s business', () => {
  expect(headlineOf(syn, synAck)).toBe('No fault found: 1 flow, 5 packets matched at both ends.');
});
