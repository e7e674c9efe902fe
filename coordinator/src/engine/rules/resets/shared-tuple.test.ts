import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

/** A translating device forgot the connection and gave its port to another, which knows nothing of the server's number. */
const OTHER = { clientPort: 40_001 };
const STALE_ACK = 1_051;

const request: Told = {
  at: 30,
  from: 'client',
  columns: { tcpFlags: 0x18, sequence: 1001, acknowledgment: 5001, payloadLength: 50 },
};
const answer: Told = {
  at: 50,
  from: 'server',
  columns: { tcpFlags: 0x18, sequence: 5001, acknowledgment: STALE_ACK, payloadLength: 50 },
};
const syn: Told = {
  at: 1_000,
  from: 'client',
  seenBy: 'client',
  tuple: OTHER,
  columns: { tcpFlags: 0x02, sequence: 8000 },
};
const RST = { tcpFlags: 0x04, sequence: STALE_ACK, window: 0 };
const arrives: Told = { at: 1_020, from: 'client', seenBy: 'server', columns: RST };
const leaves: Told = { at: 1_020, from: 'client', seenBy: 'client', tuple: OTHER, columns: RST };

const codesOf = (...packets: Told[]) =>
  new TwoEnds()
    .say(...handshake(), request, answer, ...packets)
    .report()
    .findings.map((f) => f.code);

test('a RST that left on another connection was sent, not forged, and not lost', () => {
  const codes = codesOf(syn, leaves, arrives);
  expect(codes).not.toContain('rst-forged');
  expect(codes).not.toContain('rst-lost');
});

test('a RST that left nowhere was forged', () => {
  expect(codesOf(syn, arrives)).toContain('rst-forged');
});

test('a RST of another connection with other numbers is another RST', () => {
  const unlike: Told = { ...leaves, columns: { ...RST, sequence: 1 } };
  expect(codesOf(syn, unlike, arrives)).toContain('rst-forged');
});
