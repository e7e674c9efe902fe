import { expect, test } from 'vitest';
import { type Columns, handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const DATA = { tcpFlags: 0x18, sequence: 5001, acknowledgment: 1001, payloadLength: 100 } as const;
const ACK = { tcpFlags: 0x10, sequence: 1001, acknowledgment: 5101 } as const;

const told = (at: number, from: Told['from'], columns: Columns, seenBy: Told['seenBy'] = 'both'): Told => ({
  at,
  from,
  seenBy,
  columns,
});

/** The server's data, an ACK that the server's tap does not have, and the data again: then what `more` tells. */
function gradeOf(...more: Told[]): string | undefined {
  const packets = [told(100, 'server', DATA), told(110, 'client', ACK, 'client'), told(400, 'server', DATA)];
  const rest = handshake(3_000, { clientPort: 41_000 });
  const report = new TwoEnds().say(...handshake(), ...packets, ...more, ...rest).report({ drops: null });
  return report.findings.find(({ code }) => code === 'ack-loss')?.grade;
}

test('data sent again that had arrived shows that its ACK was lost', () => {
  expect(gradeOf(told(410, 'client', ACK))).toBe('likely');
});

test('a host that sends again what it has an ACK for is deaf: its retransmissions show no loss', () => {
  const deaf = [told(410, 'client', ACK), told(1_000, 'server', DATA), told(1_010, 'client', ACK)];
  expect(gradeOf(...deaf)).toBe('inconclusive');
});
