import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const SEGMENT = 1000;
const FIRST_ID = 500;

/** `count` segments of the client, 20 ms apart and numbered one after the other; those of `lost` do not arrive and are sent again later. */
function transfer(count: number, lost: readonly number[]): Told[] {
  const segment = (k: number, place: number): Told => ({
    at: 50 + 20 * place,
    from: 'client',
    seenBy: lost.includes(place) ? 'client' : 'both',
    columns: {
      tcpFlags: 0x18,
      sequence: 1001 + SEGMENT * k,
      acknowledgment: 5001,
      payloadLength: SEGMENT,
      ipId: FIRST_ID + place,
      digestLow: k + 1,
      digestLength: 64,
      timestampValue: 9000 + place,
    },
  });
  const first = Array.from({ length: count }, (_, k) => segment(k, k));
  return [...first, ...lost.map((k, n) => segment(k, count + n))];
}

function lossOf(lost: readonly number[]): Finding | undefined {
  const ends = new TwoEnds({ serverPort: 80 }).say(...handshake(), ...transfer(60, lost));
  return ends.report().findings.find((f) => f.code === 'data-loss');
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, k) => from + k);

test('all that was sent for half a second died: an outage', () => {
  const finding = lossOf(range(20, 26));
  expect(finding?.attributes).toMatchObject({ lost: 26, outageMs: 500 });
  expect(finding?.statement).toContain('For at least 500 ms nothing that the client sent reached the server');
});

test('a segment that arrived in between makes it a lossy path', () => {
  const finding = lossOf(range(20, 26).filter((k) => k !== 30));
  expect(finding?.attributes).toMatchObject({ lost: 25 });
  expect(finding?.attributes).not.toHaveProperty('outageMs');
});

test('a burst that a queue drops is no outage', () => {
  expect(lossOf(range(20, 5))?.attributes).not.toHaveProperty('outageMs');
});
