import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Fleet } from '../fleet/fleet.js';
import type { Store } from '../store/store.js';
import { testCapture } from '../testing/captures.js';
import { fakeAnalyst } from '../testing/fake-engine.js';
import type { Clock } from '../time.js';
import { CaptureBook } from './book.js';
import { Driver } from './driver.js';
import { ARM_MS } from './life/waits.js';

const NS_PER_MS = 1_000_000n;

/** A wall clock that is set by hand, and timers that fire when the test says so, early or late. */
class ManualClock implements Clock {
  now = 1_000_000_000n;
  readonly timers: (() => void)[] = [];

  nowNs(): bigint {
    return this.now;
  }

  after(_ms: number, action: () => void): () => void {
    this.timers.push(action);
    return () => {};
  }

  fire(): void {
    for (const action of this.timers.splice(0)) action();
  }
}

test('a deadline whose timer fires before its time is waited for again, never forgotten', () => {
  const clock = new ManualClock();
  const store = { saveCapture: async () => {} } as unknown as Store;
  const fleet = { send: () => true, view: () => null } as unknown as Fleet;
  const driver = new Driver({
    store,
    fleet,
    clock,
    logger: pino({ level: 'silent' }),
    endpoint: { port: 7443, addresses: [] },
    analyst: fakeAnalyst(),
  });
  const entry = new CaptureBook().add(testCapture());
  driver.apply(entry, { type: 'begin' });
  clock.now += BigInt(ARM_MS) * NS_PER_MS - 1n;
  clock.fire();
  expect(entry.capture.phase.state).toBe('arming');
  clock.now += 1n;
  clock.fire();
  expect(entry.capture.phase).toMatchObject({ state: 'failed', code: 'unavailable' });
});
