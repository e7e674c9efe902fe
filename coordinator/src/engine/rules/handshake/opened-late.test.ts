import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { type Columns, handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const LATER = 1_030;
const SYN: Columns = { tcpFlags: 0x02, sequence: 1000 };
const SYN_ACK: Columns = { tcpFlags: 0x12, sequence: 5000, acknowledgment: 1001 };

const request: Told = {
  at: LATER + 20,
  from: 'client',
  columns: { tcpFlags: 0x18, sequence: 1001, acknowledgment: 5001, payloadLength: 50 },
};
const answer: Told = {
  at: LATER + 40,
  from: 'server',
  columns: { tcpFlags: 0x18, sequence: 5001, acknowledgment: 1051, payloadLength: 70 },
};

function findingsOf(...packets: Told[]): Finding[] {
  return new TwoEnds({ serverPort: 80 }).say(...packets, request, answer).report().findings;
}

test('a first SYN that died on the way made the connection late', () => {
  const lost: Told = { at: 0, from: 'client', seenBy: 'client', columns: SYN };
  const [finding, ...others] = findingsOf(lost, ...handshake(LATER));
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ code: 'syn-lost', direction: 'toward-server', blame: 'path' });
  expect(finding?.attributes).toMatchObject({ lost: 1, openedLateMs: LATER });
});

test('SYNs that die with data and arrive without are told apart', () => {
  const lost: Told = { at: 0, from: 'client', seenBy: 'client', columns: { ...SYN, payloadLength: 18 } };
  const [finding] = findingsOf(lost, ...handshake(LATER));
  expect(finding?.statement).toContain('18 bytes of data (TCP Fast Open)');
  expect(finding?.remedy).toContain('tcp_fastopen');
});

test('a first SYN-ACK that died on the way made it late, too', () => {
  const lost: Told = { at: 10, from: 'server', seenBy: 'server', columns: SYN_ACK };
  const [first, , ...rest] = handshake(LATER) as [Told, Told, Told];
  const again: Told = { at: LATER + 10, from: 'server', columns: SYN_ACK };
  const [finding] = findingsOf(
    { ...first, at: 0 },
    lost,
    again,
    ...rest.map((p) => ({ ...p, at: LATER + 16 })),
  );
  expect(finding).toMatchObject({ code: 'syn-ack-lost', direction: 'toward-client', blame: 'path' });
  expect(finding?.attributes.openedLateMs).toBe(LATER);
});

test('a SYN that was answered arrived, whatever the capture has', () => {
  const missed: Told = { at: 0, from: 'client', seenBy: 'client', columns: SYN };
  const early: Told = { at: 6, from: 'server', seenBy: 'server', columns: SYN_ACK };
  const codes = findingsOf(missed, early, ...handshake(LATER)).map((f) => f.code);
  expect(codes).not.toContain('syn-lost');
});

test('another connection on the same ports is no later SYN of the first', () => {
  const other: Told = { at: 0, from: 'client', seenBy: 'client', columns: { ...SYN, sequence: 777 } };
  const findings = findingsOf(other, ...handshake(LATER));
  expect(findings.filter((f) => 'openedLateMs' in f.attributes)).toEqual([]);
});
