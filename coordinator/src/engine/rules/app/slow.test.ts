import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

/** Exchanges of one request and one answer, the server taking `thinkMs` for each. */
function exchanges(n: number, thinkMs: number): Told[] {
  return Array.from({ length: n }, (_, i): Told[] => {
    const at = 100 + i * (thinkMs + 50);
    const up = {
      tcpFlags: 0x18,
      sequence: 1001 + i * 100,
      acknowledgment: 5001 + i * 200,
      payloadLength: 100,
    };
    const down = {
      tcpFlags: 0x18,
      sequence: 5001 + i * 200,
      acknowledgment: 1101 + i * 100,
      payloadLength: 200,
    };
    return [
      { at, from: 'client', columns: up },
      { at: at + 5 + thinkMs, from: 'server', columns: down },
    ];
  }).flat();
}

function findingsOf(packets: Told[]): Finding[] {
  return new TwoEnds().say(...handshake(), ...packets).report().findings;
}

test('a server that takes seconds to answer is named with its time and the path’s', () => {
  const [finding, ...rest] = findingsOf(exchanges(3, 2000));
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({ code: 'slow-server', blame: 'server-host', grade: 'likely' });
  expect(finding?.attributes).toMatchObject({ serverMs: 2000, pathMs: 10, answers: 3 });
});

test('answers within what people do not notice are no finding', () => {
  expect(findingsOf(exchanges(5, 200))).toEqual([]);
});

test('a retransmitted request does not make the server slow', () => {
  const [ask, reply] = exchanges(1, 50) as [Told, Told];
  const again = { ...ask, at: 1600 };
  const late = { ...reply, at: 4000 };
  expect(findingsOf([ask, reply, again, late]).map((f) => f.code)).not.toContain('slow-server');
});

/** One message of the client that the server's kernel acknowledges and nobody answers, until the client closes. */
function unanswered(closesAt: number, columns: Told['columns'] = {}): Told[] {
  const asked = { tcpFlags: 0x18, sequence: 1001, acknowledgment: 5001, payloadLength: 100, ...columns };
  return [
    { at: 100, from: 'client', columns: asked },
    { at: 106, from: 'server', columns: { tcpFlags: 0x10, sequence: 5001, acknowledgment: 1101 } },
    { at: closesAt, from: 'client', columns: { tcpFlags: 0x11, sequence: 1101, acknowledgment: 5001 } },
    { at: closesAt + 6, from: 'server', columns: { tcpFlags: 0x10, sequence: 5001, acknowledgment: 1102 } },
  ];
}

test('a request that arrived and was never answered is told with how long the client waited', () => {
  const [finding, ...rest] = findingsOf(unanswered(3100, { httpKind: 1 }));
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({ code: 'slow-server', blame: 'server-host', grade: 'likely' });
  expect(finding?.attributes).toMatchObject({ answers: 0, longestMs: 3000 });
});

test('data that may need no answer is told as no more than possible', () => {
  expect(findingsOf(unanswered(3100))[0]).toMatchObject({ code: 'slow-server', grade: 'possible' });
});

test('who closes at once did not wait for an answer', () => {
  expect(findingsOf(unanswered(300, { httpKind: 1 }))).toEqual([]);
});
