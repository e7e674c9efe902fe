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
