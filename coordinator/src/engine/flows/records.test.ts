import { expect, test } from 'vitest';
import { Intake } from '../intake/intake.js';
import { newTap } from '../taps.js';
import { type Segment, tape } from '../testing/tape.js';

const MS = 1_000_000;
const ROUNDS = 400;
const PER_ROUND = 100;

test('records alive follow what is in flight, not the length of the capture', () => {
  const intake = new Intake();
  const taps = [
    newTap(0, { name: 'a', role: null, addresses: [] }),
    newTap(1, { name: 'b', role: null, addresses: [] }),
  ];
  let most = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sent: Segment[] = Array.from({ length: PER_ROUND }, (_, k) => {
      const n = round * PER_ROUND + k;
      return { at: n * MS, seq: (n * 100) >>> 0, length: 100, id: (n % 65_535) + 1, ack: 1 };
    });
    const got = sent.map((s) => ({ ...s, at: s.at + 5 * MS, ttl: 61 }));
    intake.push(taps[0] as never, tape(sent));
    intake.push(taps[1] as never, tape(got));
    if (round === 20) most = intake.store.records.live;
  }
  expect(intake.store.records.live).toBeLessThanOrEqual(most);
  expect(most).toBeLessThan(4 * 1024);
});
