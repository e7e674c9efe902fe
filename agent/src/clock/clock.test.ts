import { describe, expect, it } from 'vitest';
import { type Clock, type ClockReadings, SystemClock } from './clock.js';
import { ClockExchange } from './exchange.js';

/** Both clocks of a made-up host; each reading of the monotonic clock takes a little time. */
class FakeHost implements ClockReadings {
  trueWallNs = 1_700_000_000_000_400_000n;
  monotonic = 5_000_000_000n;

  wallMs(): number {
    return Number(this.trueWallNs / 1_000_000n);
  }

  monotonicNs(): bigint {
    this.pass(1_000n);
    return this.monotonic;
  }

  pass(ns: bigint): void {
    this.trueWallNs += ns;
    this.monotonic += ns;
  }
}

const magnitude = (ns: bigint) => (ns < 0n ? -ns : ns);

describe('SystemClock', () => {
  it('knows the wall clock to microseconds although it is read in milliseconds', () => {
    const host = new FakeHost();
    const clock = new SystemClock(host);
    host.pass(12_345_678n);
    expect(magnitude(clock.wallNs() - host.trueWallNs)).toBeLessThan(5_000n);
  });

  it('sees no step as long as nobody sets the clock', () => {
    const host = new FakeHost();
    const clock = new SystemClock(host);
    for (let i = 0; i < 1000; i++) {
      host.pass(1_000_137_000n);
      expect(clock.check()).toBeNull();
    }
  });

  it.each([25_000_000n, -25_000_000n, 3_600_000_000_000n, -2_000_000n])(
    'tells a step of %d ns once, and is right again after it',
    (step) => {
      const host = new FakeHost();
      const clock = new SystemClock(host);
      host.pass(500_000_000n);
      host.trueWallNs += step;
      const seen = clock.check();
      expect(magnitude((seen?.byNs ?? 0n) - step)).toBeLessThan(10_000n);
      expect(magnitude(clock.wallNs() - host.trueWallNs)).toBeLessThan(5_000n);
      expect(clock.check()).toBeNull();
    },
  );

  it('is not fooled by an interruption while it catches the tick', () => {
    const host = new FakeHost();
    let reads = 0;
    const interrupted: ClockReadings = {
      wallMs: () => host.wallMs(),
      monotonicNs: () => {
        reads++;
        if (reads === 3) host.pass(7_000_000n);
        return host.monotonicNs();
      },
    };
    const clock = new SystemClock(interrupted);
    expect(magnitude(clock.wallNs() - host.trueWallNs)).toBeLessThan(60_000n);
  });

  it('agrees with the machine that it runs on', () => {
    const clock = new SystemClock();
    const before = Date.now();
    const wallMs = Number(clock.wallNs() / 1_000_000n);
    expect(wallMs).toBeGreaterThanOrEqual(before - 1);
    expect(wallMs).toBeLessThanOrEqual(Date.now() + 1);
  });
});

describe('ClockExchange', () => {
  it('reports all four times of the last exchange with the next heartbeat', () => {
    let now = 100n;
    const clock: Clock = { wallNs: () => now, monotonicNs: () => now, wallMinusMonotonicNs: () => 0n };
    const exchange = new ClockExchange(clock);
    expect(exchange.begin()).toEqual({ t1Ns: 100n, lastT1Ns: 0n, lastT2Ns: 0n, lastT3Ns: 0n, lastT4Ns: 0n });
    now = 180n;
    exchange.complete({ t1Ns: 100n, t2Ns: 1130n, t3Ns: 1140n });
    now = 200n;
    const second = exchange.begin();
    expect(second).toEqual({ t1Ns: 200n, lastT1Ns: 100n, lastT2Ns: 1130n, lastT3Ns: 1140n, lastT4Ns: 180n });
    exchange.forget();
    expect(exchange.begin().lastT1Ns).toBe(0n);
  });
});
