import { expect, test } from 'vitest';
import type { Analysis, Evidence } from '../analysis/analysis.js';
import type { Store } from '../store/store.js';
import { testCapture } from '../testing/captures.js';
import { settled, VirtualClock } from '../testing/kill-world.js';
import { batch, coverage, segments } from '../testing/packets.js';
import { LiveCapture } from './live-capture.js';
import { Pace } from './pace.js';

test('batches that come while the engine is busy go to it together, in their order', async () => {
  const fed: string[][] = [];
  let free: () => void = () => {};
  const analysis = {
    close: () => {},
    feed: async (evidence: readonly Evidence[]) => {
      fed.push(evidence.map(({ role, batch }) => `${role} ${batch.sequence}`));
      if (evidence.length > 0) await new Promise<void>((resolve) => (free = resolve));
      return false;
    },
  } as Partial<Analysis> as Analysis;
  const store = { batches: async () => [] } as Partial<Store> as Store;
  const tools = { store, clock: new VirtualClock(), pace: new Pace() };
  const live = new LiveCapture(testCapture(), analysis, tools, {
    news: () => {},
    reached: () => {},
    failed: (reason) => expect.fail(reason),
  });
  await settled();
  fed.length = 0;
  const taken: string[] = [];
  const feed = (role: 'client' | 'server', sequence: number) =>
    live
      .feed(role, batch('t', sequence, segments(1), coverage(1)))
      .then(() => taken.push(`${role} ${sequence}`));
  void feed('client', 1);
  await settled();
  void feed('client', 2);
  void feed('server', 1);
  void feed('client', 3);
  await settled();
  expect([fed, taken]).toEqual([[['client 1']], []]);
  free();
  await settled();
  expect(fed.at(-1)).toEqual(['client 2', 'server 1', 'client 3']);
  expect(taken).toEqual(['client 1']);
  free();
  await settled();
  expect(taken).toHaveLength(4);
  live.abandon();
});
