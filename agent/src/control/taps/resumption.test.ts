import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';
import { linkOf } from '@bothends/proto/evidence/chain';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ARM,
  armed,
  clock,
  closeWorld,
  eventually,
  finalCoverage,
  HOST,
  makeTaps,
  openWorld,
  POLICY,
  packetTimes,
  rawStore,
  reached,
  recording,
  shipped,
  stop,
  world,
} from '../../testing/taps-world.js';
import type { Host } from '../host.js';
import type { Taps } from './taps.js';

beforeEach(openWorld);
afterEach(closeWorld);

describe('an agent that starts again', () => {
  let second: Taps | null = null;
  afterEach(async () => {
    await second?.drain(100);
    second = null;
  });

  /** A second agent on a copy of the first one's disk as it is now: so the first might have been killed now. */
  async function restarted(change: Partial<Host> = {}): Promise<Taps> {
    const copy = join(world.directory, 'copy');
    cpSync(join(world.directory, 'spool'), copy, { recursive: true });
    second = makeTaps(POLICY, copy, { ...HOST, ...change });
    await second.restore();
    return second;
  }

  /** Recording, with two packets in the spool. */
  async function interrupted(): Promise<bigint[]> {
    const tap = await recording();
    const times = [clock.wallNs(), clock.wallNs()];
    tap.push(times);
    await eventually(() => expect(packetTimes(shipped())).toHaveLength(2));
    return times;
  }

  it('goes on with a tap that was recording: same tap, same key, one chain, and a gap in between', async () => {
    const times = await interrupted();
    const again = await restarted();
    const before = finalCoverage(shipped());
    expect(again.states()).toMatchObject([{ tapId: ARM.tapId, state: 'recording' }]);
    expect(world.source.taps[1]?.options).toEqual(world.source.taps[0]?.options);
    const later = clock.wallNs();
    world.source.taps[1]?.push([later]);
    await eventually(() => expect(packetTimes(shipped(again))).toEqual([...times, later]));
    again.command({ $case: 'stop', value: { tapId: ARM.tapId, leadOutMs: 0, discard: false } });
    await eventually(() => expect(again.states()).toMatchObject([{ state: 'complete' }]));
    const batches = shipped(again);
    expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, i) => BigInt(i + 1)));
    for (const [i, batch] of batches.slice(1).entries()) {
      expect(batch.previous).toEqual(linkOf(batches[i] as Batch));
    }
    const coverage = finalCoverage(batches);
    expect(coverage).toMatchObject({ packets: 3n, openedNs: before.openedNs });
    expect(coverage.closedNs).toBeGreaterThan(later);
    const [gap, ...others] = coverage.gaps;
    expect(others).toEqual([]);
    expect(gap).toMatchObject({ cause: 'agent-down' });
    expect(gap?.fromNs).toBeGreaterThanOrEqual(before.openedNs);
    expect(gap?.fromNs).toBeLessThanOrEqual(before.watermarkNs);
    expect(gap?.toNs).toBeGreaterThan(times[1] as bigint);
    expect(gap?.toNs).toBeLessThan(later);
  });

  it('counts the drops of both of its back ends, and packets toward the limit once', async () => {
    const tap = await recording({ maxPackets: 3n });
    tap.kernelDrops = 5;
    tap.push([clock.wallNs(), clock.wallNs()]);
    await eventually(() => expect(shipped().at(-1)?.coverage?.kernelDrops).toBe(5n));
    const again = await restarted();
    const [, resumed] = world.source.taps;
    if (resumed) resumed.kernelDrops = 2;
    await eventually(() => expect(shipped(again).at(-1)?.coverage?.kernelDrops).toBe(7n));
    resumed?.push([clock.wallNs(), clock.wallNs()]);
    await eventually(() => expect(again.states()).toMatchObject([{ state: 'complete' }]));
    expect(finalCoverage(shipped(again))).toMatchObject({ packets: 3n, kernelDrops: 7n });
  });

  it('says that the wall clock was set while it was down', async () => {
    await interrupted();
    world.offsetNs -= 3_600_000_000_000n;
    const again = await restarted();
    await eventually(() => expect(shipped(again).at(-1)?.coverage?.gaps).toHaveLength(2));
    const [down, step] = finalCoverage(shipped(again)).gaps;
    expect([down?.cause, step?.cause]).toEqual(['agent-down', 'clock-step']);
    expect((step?.toNs ?? 0n) - (step?.fromNs ?? 0n)).toBeGreaterThan(3_500_000_000_000n);
  });

  it('keeps to the time that was planned before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await recording({ durationMs: 20_000n });
      const again = await restarted();
      await vi.advanceTimersByTimeAsync(30_000);
      vi.useRealTimers();
      await eventually(() => expect(again.states()).toMatchObject([{ state: 'complete' }]));
      expect(finalCoverage(shipped(again)).endedBy).toContain('its time was over');
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['its host was started again', { bootId: 'boot-2' }, null],
    ['it may not any more', {}, new BothendsError('permission-denied', 'it may not any more')],
  ])('ships what it has, closes the tap and declares the gap where %s', async (why, host, refusal) => {
    const times = await interrupted();
    const before = finalCoverage(shipped());
    world.source.refusal = refusal;
    const again = await restarted(host);
    expect(again.states()).toMatchObject([
      { state: 'failed', code: 'data-loss', reason: expect.stringContaining(why) },
    ]);
    const batches = shipped(again);
    expect(packetTimes(batches)).toEqual(times);
    const coverage = finalCoverage(batches);
    expect(coverage.closedNs).toBeGreaterThanOrEqual(before.watermarkNs);
    expect(coverage.gaps.at(-1)).toMatchObject({ cause: 'agent-down', fromNs: coverage.closedNs });
    expect(readdirSync(join(world.directory, 'copy', ARM.tapId))).not.toContain('resume.json');
  });

  it('keeps the key of a capture on its disk only while it records, and only for its owner', async () => {
    await recording();
    const path = join(world.directory, 'spool', ARM.tapId, 'resume.json');
    expect(statSync(path).mode & 0o077).toBe(0);
    stop();
    await reached('complete');
    expect(existsSync(path)).toBe(false);
  });

  it('ships a finished tap as it is', async () => {
    const tap = await recording();
    tap.push([clock.wallNs()]);
    stop();
    await reached('complete');
    const again = await restarted();
    expect(again.states()).toMatchObject([{ state: 'complete' }]);
    expect(shipped(again)).toEqual(shipped());
    expect(finalCoverage(shipped(again)).gaps).toEqual([]);
  });

  it('forgets the packets that were kept with a tap whose capture was deleted, shipped or not', async () => {
    const tap = await recording();
    tap.push([clock.wallNs()]);
    stop();
    await reached('complete');
    const again = await restarted();
    rawStore(POLICY).open(ARM, 'udp').close(null);
    const kept = join(world.directory, 'raw', `${ARM.tapId}.pcapng`);
    expect(existsSync(kept)).toBe(true);
    again.command({ $case: 'stop', value: { tapId: ARM.tapId, leadOutMs: 0, discard: true } });
    expect(again.ids()).toEqual([]);
    expect(existsSync(kept)).toBe(false);
  });

  it('knows that a tap is complete which wrote its last batch and was killed before its state', async () => {
    await recording();
    stop(200);
    await reached('draining');
    const path = join(world.directory, 'spool', ARM.tapId, 'tap.json');
    const draining = readFileSync(path);
    await reached('complete');
    writeFileSync(path, draining);
    expect((await restarted()).states()).toMatchObject([{ state: 'complete' }]);
  });

  it('drops a tap that never recorded', async () => {
    await armed();
    expect((await restarted()).ids()).toEqual([]);
    expect(readdirSync(join(world.directory, 'copy'))).toEqual([]);
  });

  it('puts a directory aside that it cannot read, and starts', async () => {
    await recording();
    rmSync(join(world.directory, 'spool', ARM.tapId, 'tap.json'));
    expect((await restarted()).ids()).toEqual([]);
    expect(readdirSync(join(world.directory, 'copy'))).toEqual([`${ARM.tapId}.damaged`]);
  });
});
