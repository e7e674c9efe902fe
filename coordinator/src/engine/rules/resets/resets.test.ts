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

/** A last request that the server's tap saw come, and a RST in the server's name that acknowledges it. */
function requestAndAbort(at: number): Report {
  const request = { tcpFlags: 0x18, sequence: 1001 + ROUNDS * 10, acknowledgment: 5001 + ROUNDS * 10 };
  const ask: Told = { at: 600, from: 'client', columns: { ...request, payloadLength: 10, ipId: 712 } };
  const rst = abort({ ipId: 0, acknowledgment: 1011 + ROUNDS * 10 });
  return new TwoEnds()
    .say(...handshake(), ...talk(ROUNDS), ask, { ...rst, at }, ...after)
    .report({ drops: null });
}

test('an abort that acknowledges a request sooner than it can have come there and back was made on the way', () => {
  // The request takes 5 ms there; the RST is at the client 4 ms after it left.
  const report = requestAndAbort(599);
  expect(summary(report)).toContain('rst-forged likely');
  expect(report.findings[0]?.evidence.map(({ text }) => text).join()).toContain(
    '4 ms after the bytes that it acknowledges had left',
  );
});

test('one that may have come there and back is not', () => {
  expect(summary(requestAndAbort(605))).toEqual(['rst-genuine inconclusive']);
});

test('what an end answers after a RST of unknown origin is told as its consequence, and not before it', () => {
  const late = { tcpFlags: 0x10, sequence: 5001 + ROUNDS * 10, acknowledgment: 1001 + ROUNDS * 10 };
  const echo = { tcpFlags: 0x04, sequence: 1001 + ROUNDS * 10, acknowledgment: 0, window: 0, ipId: 0 };
  const report = new TwoEnds()
    .say(...handshake(), ...talk(ROUNDS), abort({ ipId: 0 }))
    .say({ at: 702, from: 'server', columns: { ...late, ipId: 312 } })
    .say({ at: 707.1, from: 'client', columns: echo }, ...after)
    .report({ drops: null });
  expect(report.findings[0]).toMatchObject({ grade: 'inconclusive', consequenceOf: null });
  expect(report.findings[1]).toMatchObject({
    code: 'rst-genuine',
    cause: 'half-open',
    consequenceOf: report.findings[0]?.id,
  });
});

test('an abort without the time stamps that both SYNs offered is likely forged, if nothing else was ever sent', () => {
  const stamped = handshake().map(
    (told): Told => ({ ...told, columns: { ...told.columns, tcpOptions: 16 } }),
  );
  const [syn, synAck] = stamped as [Told, Told, Told];
  const early = { tcpFlags: 0x14, sequence: 5001, acknowledgment: 1001 };
  const rst: Told = { at: 60, from: 'server', seenBy: 'client', columns: early };
  const reportOf = (...opening: Told[]) =>
    new TwoEnds().say(...opening, rst, ...after).report({ drops: null });
  expect(summary(reportOf(syn, synAck))).toContain('rst-forged likely');
  const refused = { ...synAck, columns: { ...synAck.columns, tcpOptions: 0 } };
  expect(summary(reportOf(syn, refused))).not.toContain('rst-forged likely');
});

test('a SYN-ACK that comes when all is over is no sign of a client that gave up', () => {
  const close: Told[] = [
    { at: 800, from: 'client', columns: { tcpFlags: 0x11, sequence: 1121, acknowledgment: 5121 } },
    { at: 806, from: 'server', columns: { tcpFlags: 0x11, sequence: 5121, acknowledgment: 1122 } },
    { at: 812, from: 'client', columns: { tcpFlags: 0x10, sequence: 1122, acknowledgment: 5122 } },
  ];
  const stale: Told[] = [
    { at: 1_500, from: 'server', columns: { tcpFlags: 0x12, sequence: 5000, acknowledgment: 1001 } },
    { at: 1_505.1, from: 'client', columns: { tcpFlags: 0x04, sequence: 1001, window: 0, ipId: 0 } },
  ];
  const [finding] = new TwoEnds().say(...handshake(), ...talk(ROUNDS), ...close, ...stale).report().findings;
  expect(finding).toMatchObject({ code: 'rst-genuine', cause: 'closed-earlier', sender: 'client' });
});
