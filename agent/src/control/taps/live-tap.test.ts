import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readMarker } from '../../capture/marker.js';
import {
  ARM,
  armed,
  clock,
  closeWorld,
  eventually,
  finalCoverage,
  HOST,
  openWorld,
  packetTimes,
  reached,
  recording,
  shipped,
  stop,
  world,
} from '../../testing/taps-world.js';

beforeEach(openWorld);
afterEach(closeWorld);

describe('a tap', () => {
  it('is armed, records, drains and completes, and every packet is shipped', async () => {
    const tap = await recording();
    const times = Array.from({ length: 100 }, (_, i) => clock.wallNs() + BigInt(i));
    tap.push(times.slice(0, 60));
    tap.push(times.slice(60));
    stop();
    await reached('complete');
    expect(world.states.map(({ state }) => state)).toEqual(['armed', 'recording', 'draining', 'complete']);
    const batches = shipped();
    expect(packetTimes(batches)).toEqual(times);
    expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, i) => BigInt(i + 1)));
    const coverage = finalCoverage(batches);
    expect(coverage).toMatchObject({ packets: 100n, kernelDrops: 0n, agentDrops: 0n, gaps: [] });
    expect(coverage).toMatchObject({ filter: 'wide(udp)', filterLength: 9, snaplen: 192, bootId: 'boot-1' });
    expect(coverage).toMatchObject({ timeStamps: 'kernel', tool: 'synthetic 1', addresses: ['192.0.2.7'] });
    expect(coverage.closedNs).toBeGreaterThan(coverage.openedNs);
    expect(coverage.watermarkNs).toBe(coverage.closedNs);
  });

  it('tells what the host looks like at its begin, each second and at its end', async () => {
    const tap = await recording();
    const begun = clock.wallNs();
    for (let i = 0; i < 30; i++) {
      tap.push([clock.wallNs()]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    stop();
    await reached('complete');
    const batches = shipped();
    const telling = batches.filter(({ coverage }) => coverage?.host !== undefined);
    const seconds = Number(clock.wallNs() - begun) / 1e9;
    expect(telling[0]).toBe(batches[0]);
    expect(telling.at(-1)).toBe(batches.at(-1));
    expect(telling.length).toBeGreaterThanOrEqual(3);
    expect(telling.length).toBeLessThanOrEqual(seconds + 2);
    for (const { coverage } of telling) expect(coverage?.interfaceStates).toEqual(HOST.interfaces());
  });

  it('is forgotten, with its disk, once everything is committed', async () => {
    const tap = await recording();
    tap.push([clock.wallNs()]);
    stop();
    await reached('complete');
    const [owned] = world.taps.all();
    owned.commit(shipped().length);
    expect([...world.taps.all()]).toEqual([]);
    expect(readdirSync(join(world.directory, 'spool'))).toEqual([]);
  });

  it('records on for the lead-out', async () => {
    const tap = await recording();
    stop(300);
    await reached('draining');
    const late = clock.wallNs();
    tap.push([late]);
    await reached('complete');
    expect(packetTimes(shipped())).toEqual([late]);
  });

  it('bounds a batch by its earliest and latest packet: CPUs deliver a little out of order', async () => {
    const tap = await recording();
    const base = clock.wallNs();
    tap.push([base + 5n, base + 2n, base + 9n, base + 7n]);
    await eventually(() => expect(packetTimes(shipped())).toHaveLength(4));
    const [batch] = shipped().filter(({ count }) => count > 0);
    expect(batch).toMatchObject({ firstNs: base + 2n, lastNs: base + 9n });
  });

  it('sees its marker leave, and says when', async () => {
    const seen = 1_700_000_000_123_456_789n;
    world.onDatagram = (payload) => {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      world.source.taps[0].push([seen], readMarker(view, 0, payload.length, payload.length));
    };
    await armed({ markerPort: 9 });
    expect(world.datagrams[0]).toMatchObject({ address: '192.0.2.9', port: 9 });
    expect(world.states.at(-1)?.markerNs).toBe(seen);
  });

  it('is armed without its marker after a while, and says that it did not see it', async () => {
    await armed({ markerPort: 9 });
    expect(world.datagrams.length).toBeGreaterThan(1);
    expect(world.states.at(-1)?.markerNs).toBe(0n);
  });

  it('sends its marker again when it starts, for taps that were opened later', async () => {
    await armed({ markerPort: 9 });
    const before = world.datagrams.length;
    world.taps.command({ $case: 'start', value: { tapId: ARM.tapId } });
    await reached('recording');
    expect(world.datagrams).toHaveLength(before + 1);
  });

  it('ends by itself at the packet limit, with exactly so many', async () => {
    const tap = await recording({ maxPackets: 5n });
    const times = Array.from({ length: 8 }, (_, i) => clock.wallNs() + BigInt(i));
    tap.push(times);
    await reached('complete');
    const batches = shipped();
    expect(packetTimes(batches)).toEqual(times.slice(0, 5));
    expect(finalCoverage(batches)).toMatchObject({ packets: 5n, closedNs: times[4] });
    expect(tap.closed).toBe(true);
  });

  it('advances its watermark while it is quiet, but not past the last check for drops', async () => {
    await recording();
    const begun = clock.wallNs();
    await eventually(() => expect(shipped().at(-1)?.coverage?.watermarkNs).toBeGreaterThan(begun));
    expect(finalCoverage(shipped()).watermarkNs).toBeLessThan(clock.wallNs());
  });

  it('declares an interval for packets that the kernel dropped', async () => {
    const tap = await recording();
    const before = clock.wallNs();
    tap.kernelDrops = 12;
    await eventually(() => expect(shipped().at(-1)?.coverage?.kernelDrops).toBe(12n));
    const [gap, ...others] = finalCoverage(shipped()).gaps;
    expect(others).toEqual([]);
    expect(gap).toMatchObject({ cause: 'kernel-drop', packets: 12n });
    expect(gap.fromNs).toBeLessThanOrEqual(before);
    expect(gap.toNs).toBeGreaterThanOrEqual(before);
  });

  it('declares an interval for packets that the back end dropped', async () => {
    const tap = await recording();
    tap.agentDrops = 3;
    await eventually(() => expect(shipped().at(-1)?.coverage?.agentDrops).toBe(3n));
    expect(finalCoverage(shipped()).gaps).toMatchObject([{ cause: 'agent-drop', packets: 3n }]);
    expect(world.taps.progress()[0].agentDrops).toBe(3n);
  });

  it('says that drops are unknown where the back end cannot tell', async () => {
    const tap = await armed();
    tap.kernelDrops = null;
    stop();
    await reached('complete');
    expect(finalCoverage(shipped()).kernelDrops).toBeUndefined();
  });

  it('keeps what it took when its capture dies, and vouches for nothing after', async () => {
    const tap = await recording();
    const time = clock.wallNs();
    tap.push([time]);
    tap.die('tcpdump was killed');
    await reached('failed');
    expect(world.states.at(-1)).toMatchObject({ code: 'unavailable', reason: 'tcpdump was killed' });
    const batches = shipped();
    expect(packetTimes(batches)).toEqual([time]);
    const coverage = finalCoverage(batches);
    expect(coverage.closedNs).toBeGreaterThan(0n);
    expect(coverage.closedNs).toBeLessThanOrEqual(time);
  });

  it('marks the interval in which the wall clock was set', async () => {
    await recording();
    world.taps.clockStepped(5_000n, 3_000n);
    expect(world.states.length).toBeGreaterThan(0);
    stop();
    await reached('complete');
    expect(finalCoverage(shipped()).gaps).toMatchObject([
      { cause: 'clock-step', fromNs: 3_000n, toNs: 5_000n },
    ]);
  });

  it('is thrown away when the capture does not start', async () => {
    const tap = await armed();
    stop(0, true);
    await eventually(() => expect([...world.taps.all()]).toEqual([]));
    expect(tap.closed).toBe(true);
    expect(readdirSync(join(world.directory, 'spool'))).toEqual([]);
  });

  it('is closed again where a ceiling was passed while it was being opened', async () => {
    world.taps.command({ $case: 'arm', value: ARM });
    world.taps.endAll('the agent takes too much memory');
    await reached('failed');
    await eventually(() => expect(world.source.taps[0]?.closed).toBe(true));
    expect(world.states.at(-1)?.reason).toBe('db-1 cannot record: the agent takes too much memory');
  });

  it('is thrown away when nobody starts it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const tap = await armed();
      await vi.advanceTimersByTimeAsync(40_000);
      await eventually(() => expect([...world.taps.all()]).toEqual([]));
      expect(tap.closed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends by itself when its time is over and nobody stops it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const tap = await recording({ durationMs: 20_000n });
      await vi.advanceTimersByTimeAsync(19_000);
      expect(tap.closed).toBe(false);
      await vi.advanceTimersByTimeAsync(10_000);
      await reached('complete');
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells where it is when it is armed a second time after a reconnect', async () => {
    await recording();
    world.taps.command({ $case: 'arm', value: ARM });
    expect(world.source.taps).toHaveLength(1);
    expect(world.states.at(-1)).toMatchObject({ tapId: ARM.tapId, state: 'recording' });
  });
});
