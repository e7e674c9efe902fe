import type { Report } from '@bothends/proto';
import { expect, test } from 'vitest';
import { type Columns, handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

/** Small requests and answers on an established connection; each end counts its own IP ids. */
function talk(rounds: number, server: (k: number) => Columns = () => ({})): Told[] {
  return Array.from({ length: rounds }, (_, k): Told[] => [
    {
      at: 100 + k * 40,
      from: 'client',
      columns: {
        tcpFlags: 0x18,
        sequence: 1001 + k * 10,
        acknowledgment: 5001 + k * 10,
        payloadLength: 10,
        ipId: 700 + k,
      },
    },
    {
      at: 106 + k * 40,
      from: 'server',
      columns: {
        tcpFlags: 0x18,
        sequence: 5001 + k * 10,
        acknowledgment: 1011 + k * 10,
        payloadLength: 10,
        ipId: 300 + k,
        ...server(k),
      },
    },
  ]).flat();
}

const ROUNDS = 12;

/** An abort in the server's name that its own tap does not have. */
function abort(columns: Columns): Told {
  const own = { tcpFlags: 0x14, sequence: 5001 + ROUNDS * 10, acknowledgment: 1001 + ROUNDS * 10 };
  return { at: 700, from: 'server', seenBy: 'client', columns: { ...own, ...columns } };
}

/** Another connection goes on after it, so that both captures reach beyond. */
const after = handshake(2_000, { clientPort: 41_000 });

function reportOn(rst: Told, server?: (k: number) => Columns, drops: number | null = null): Report {
  return new TwoEnds().say(...handshake(), ...talk(ROUNDS, server), rst, ...after).report({ drops });
}

const summary = ({ findings }: Report) => findings.map(({ code, grade }) => `${code} ${grade}`);

test('a RST that bears the next IP id of its alleged sender is not called forged', () => {
  const report = reportOn(abort({ ipId: 300 + ROUNDS }));
  expect(summary(report)).toEqual(['rst-genuine inconclusive']);
  expect(report.findings[0]?.statement).toContain('IP id');
});

test('one with an IP id that its alleged sender was nowhere near is likely forged', () => {
  expect(summary(reportOn(abort({ ipId: 51_000 })))).toContain('rst-forged likely');
});

test('one with the number of data that had come before is likely forged', () => {
  expect(summary(reportOn(abort({ ipId: 0, sequence: 5001 })))).toContain('rst-forged likely');
});

test('one beyond all that its alleged sender had sent is likely forged', () => {
  expect(summary(reportOn(abort({ ipId: 0, sequence: 5001 + 12_503 })))).toContain('rst-forged likely');
});

test('that a capture without drop count does not have it accuses nobody', () => {
  const report = reportOn(abort({ ipId: 0 }));
  expect(summary(report)).toEqual(['rst-genuine inconclusive']);
  expect(report.findings[0]?.statement).toContain('forged it, or the server sent it');
  expect(report.findings[0]?.missing.join()).toContain('drop count');
});

test('a tap that counted its drops is believed before a number that can be guessed', () => {
  expect(summary(reportOn(abort({ ipId: 300 + ROUNDS }), undefined, 0))).toContain('rst-forged likely');
});

test('a TTL unlike the others makes a forgery likely', () => {
  expect(summary(reportOn(abort({ ipId: 51_000, ttl: 59 })))).toContain('rst-forged likely');
});
