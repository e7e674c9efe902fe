import { pino } from 'pino';
import { expect, test } from 'vitest';
import { testCapture } from '../testing/captures.js';
import type { Capture } from './capture.js';
import { keepFor } from './retention.js';

const DAY_MS = 86_400_000;
const day = (n: number) => BigInt(n * DAY_MS) * 1_000_000n;

const over = (id: string, endedNs: bigint): Capture =>
  testCapture({ id, phase: { state: 'complete', startedNs: 0n, endedNs } });

test('captures go when they are over for longer than they are kept, and not before', async () => {
  let nowNs = day(10);
  let next = () => {};
  let captures = [
    over('old', day(1)),
    over('young', day(9)),
    testCapture({ id: 'running', phase: { state: 'recording', startedNs: 0n, deadlineNs: day(99) } }),
  ];
  const stop = keepFor({
    clock: {
      nowNs: () => nowNs,
      after: (_ms, action) => {
        next = action;
        return () => {
          next = () => {};
        };
      },
    },
    logger: pino({ level: 'silent' }),
    keepMs: 7 * DAY_MS,
    list: () => captures,
    remove: async (id) => {
      captures = captures.filter((capture) => capture.id !== id);
    },
  });
  const ids = () => captures.map(({ id }) => id);
  expect(ids()).toEqual(['young', 'running']);
  nowNs = day(17);
  next();
  await Promise.resolve();
  expect(ids()).toEqual(['running']);
  captures.push(over('older', day(2)));
  stop();
  next();
  expect(ids()).toEqual(['running', 'older']);
});

test('one that cannot be deleted keeps no other from going', async () => {
  const removed: string[] = [];
  const captures = [over('locked', day(1)), over('old', day(1))];
  const stop = keepFor({
    clock: { nowNs: () => day(10), after: () => () => {} },
    logger: pino({ level: 'silent' }),
    keepMs: DAY_MS,
    list: () => captures,
    remove: async (id) => {
      if (id === 'locked') throw new Error('in use');
      removed.push(id);
    },
  });
  await new Promise(setImmediate);
  expect(removed).toEqual(['old']);
  stop();
});
