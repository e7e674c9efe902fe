import { expect, test } from 'vitest';
import { testCapture } from '../testing/captures.js';
import { FakeEngine } from '../testing/fake-engine.js';
import { BASE_NS, batch, coverage, segments } from '../testing/packets.js';
import { TapFeed } from './tap-feed.js';

const S = 1_000_000_000n;

function feed() {
  const engine = new FakeEngine({ captureId: 'c', captureName: 'c', port: null, vouchComplete: false });
  const tap = new TapFeed(engine, { name: 'web', role: 'client', addresses: [] });
  return { tap, state: engine.taps[0] };
}

/** A capture that ran for ten seconds on the coordinator's clock, which is a day behind the tap's. */
const capture = testCapture({
  phase: { state: 'complete', startedNs: BASE_NS - 86_400n * S, endedNs: BASE_NS - 86_390n * S },
});

test('a tap that closed properly is passed on as it vouches for itself', () => {
  const { tap, state } = feed();
  tap.push(batch('t', 1, segments(3), coverage(3, { closed: true })));
  tap.finish(capture);
  expect(state).toMatchObject({
    pushed: 3,
    finished: true,
    coverage: { closedNs: BASE_NS + S, gaps: [], kernelDrops: 0 },
  });
});

test('a tap that never closed vouches for nothing after its watermark, in the time of its own clock', () => {
  const { tap, state } = feed();
  tap.push(batch('t', 1, segments(3), coverage(3)));
  tap.finish(capture);
  expect(state.coverage?.closedNs).toBe(BASE_NS + S);
  expect(state.coverage?.gaps).toEqual([
    { fromNs: BASE_NS + S, toNs: BASE_NS + 10n * S, packets: null, cause: 'agent-down' },
  ]);
});

test('a tap that delivered nothing is one gap from begin to end', () => {
  const { tap, state } = feed();
  tap.finish(capture);
  expect(state.coverage).toMatchObject({ openedNs: null, packets: 0, kernelDrops: null });
  expect(state.coverage?.gaps).toHaveLength(1);
});

test('a batch that rotted on our disk is a gap of its time and size, and the rest counts', () => {
  const { tap, state } = feed();
  const rotten = batch('t', 2, segments(5), coverage(8));
  rotten.columns[7] ^= 0x10;
  for (const one of [
    batch('t', 1, segments(3), coverage(3)),
    rotten,
    batch('t', 3, segments(2), coverage(10)),
  ])
    tap.push(one);
  expect(state.pushed).toBe(5);
  expect(state.coverage?.gaps).toEqual([
    { fromNs: rotten.firstNs, toNs: rotten.lastNs, packets: 5, cause: 'corrupt-batch' },
  ]);
});

test('a batch that was read from the store already is not taken twice', () => {
  const { tap, state } = feed();
  const first = batch('t', 1, segments(3), coverage(3));
  tap.push(first);
  tap.push(first);
  expect(state.pushed).toBe(3);
});

test('a back end that cannot count drops stays unknown, never zero', () => {
  const { tap, state } = feed();
  tap.push(
    batch('t', 1, segments(1), { ...coverage(1), kernelDrops: undefined, timeStamps: 'something new' }),
  );
  expect(state.coverage).toMatchObject({ kernelDrops: null, timestamps: 'user' });
});

/** What a spool gave up between the third and the eighth second. */
const overflow = (packets: number) => ({
  fromNs: BASE_NS + 3n * S,
  toNs: BASE_NS + 8n * S,
  packets: BigInt(packets),
  cause: 'spool-full',
});

test('of what a spool gave up, only what did not come all the same is lost', () => {
  const { tap, state } = feed();
  tap.push(batch('t', 1, segments(3), coverage(3)));
  // Batches of 5 and 4 packets were given up while the first of them was on its way.
  const last = { ...coverage(14, { closed: true }), agentDrops: 9n, gaps: [overflow(9)] };
  tap.push(batch('t', 2, segments(5), { ...coverage(8), agentDrops: 9n, gaps: [overflow(9)] }));
  // In the place of one that is lost comes an empty one.
  tap.push(batch('t', 3, segments(0), { ...coverage(8), agentDrops: 9n, gaps: [overflow(9)] }));
  tap.push(batch('t', 4, segments(2), last));
  expect(state.coverage?.agentDrops).toBe(4);
  expect(state.coverage?.gaps).toMatchObject([{ packets: 4, cause: 'spool-full' }]);
});

test('what went down with an agent is not counted, so its word on its spool stands', () => {
  const { tap, state } = feed();
  const down = { ...overflow(0), cause: 'agent-down' };
  const last = { ...coverage(5, { closed: true }), agentDrops: 9n, gaps: [overflow(9), down] };
  tap.push(batch('t', 1, segments(5), last));
  expect(state.coverage?.agentDrops).toBe(9);
  expect(state.coverage?.gaps).toHaveLength(2);
});
