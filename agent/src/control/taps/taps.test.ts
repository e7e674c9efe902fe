import { BothendsError, decodeColumns, PacketTable } from '@bothends/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ARM,
  armed,
  clock,
  closeWorld,
  eventually,
  finalCoverage,
  lastState,
  makeTaps,
  openWorld,
  POLICY,
  packetTimes,
  reached,
  recording,
  shipped,
  stop,
  world,
} from '../../testing/taps-world.js';

beforeEach(openWorld);
afterEach(closeWorld);

describe('a tap that cannot be', () => {
  it('is refused by the policy, with a sentence', async () => {
    world.taps.command({ $case: 'arm', value: { ...ARM, snaplen: 65_535 } });
    await reached('refused');
    expect(world.states.at(-1)).toMatchObject({
      code: 'permission-denied',
      reason: 'policy of db-1 refuses snaplen 65535 (maxSnaplen: 192): ask its owner, or use -s 192',
    });
    expect([...world.taps.all()]).toEqual([]);
  });

  it('fails with what the back end says', async () => {
    world.source.refusal = new BothendsError('not-found', 'there is no interface "eth9" on this host');
    world.taps.command({ $case: 'arm', value: { ...ARM, interface: 'eth9' } });
    await reached('failed');
    expect(world.states.at(-1)).toMatchObject({ code: 'not-found', reason: world.source.refusal.message });
  });

  it('is declined by an agent that is about to end', async () => {
    await world.taps.drain(100);
    world.taps.command({ $case: 'arm', value: ARM });
    expect(world.states.at(-1)).toMatchObject({ state: 'failed', code: 'unavailable' });
  });

  it('does not get a directory outside its own', () => {
    world.taps.command({ $case: 'arm', value: { ...ARM, tapId: '../../etc' } });
    expect(world.states.at(-1)).toMatchObject({ state: 'failed', code: 'invalid-argument' });
    expect(world.source.taps).toEqual([]);
  });
});

describe('a ceiling of the agent', () => {
  it('ends what records, keeps what was taken and says which it was', async () => {
    const tap = await recording();
    const times = [clock.wallNs(), clock.wallNs()];
    tap.push(times);
    await eventually(() => expect(packetTimes(shipped())).toHaveLength(2));
    world.taps.endAll('the agent takes too much memory');
    await reached('complete');
    expect(packetTimes(shipped())).toEqual(times);
    expect(finalCoverage(shipped()).endedBy).toBe('the agent takes too much memory');
  });

  it('fails a tap that waits for its start, so that nobody starts', async () => {
    await armed();
    world.taps.endAll('only 1 MB are free on its disk');
    await reached('failed');
    expect(world.states.at(-1)).toMatchObject({
      code: 'resource-exhausted',
      reason: 'db-1 cannot record: only 1 MB are free on its disk',
    });
    await eventually(() => expect(world.source.taps[0]?.closed).toBe(true));
  });

  it('of captured bytes ends the tap that passes it', async () => {
    world.taps = makeTaps({ ...POLICY, maxBytes: 1 });
    const tap = await recording();
    tap.push([clock.wallNs()]);
    await reached('complete');
    expect(finalCoverage(shipped()).endedBy).toMatch(/limit of 1 captured bytes/);
  });
});

describe('a full spool', () => {
  it('is a declared gap in everything that is shipped from then on', async () => {
    const tap = await recording();
    // A batch of so many uneven times takes more than 8 kB; the limit in these tests is 128 kB.
    const rounds = 24;
    for (let round = 0; round < rounds; round++) {
      const noise = Array.from({ length: 4000 }, (_, i) => clock.wallNs() + BigInt(i * i * 7919));
      tap.push(noise);
      await eventually(() => expect(world.taps.progress()[0].packets).toBe(BigInt((round + 1) * 4000)));
    }
    const lost = world.taps.progress()[0].agentDrops;
    expect(lost).toBeGreaterThan(0n);
    stop();
    await reached('complete');
    const batches = shipped();
    expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, i) => BigInt(i + 1)));
    expect(BigInt(packetTimes(batches).length) + lost).toBe(BigInt(rounds * 4000));
    for (const { coverage } of batches) {
      expect(coverage).toMatchObject({ agentDrops: lost, gaps: [{ cause: 'spool-full', packets: lost }] });
    }
  });
});

describe('the policy of the host, while a tap records', () => {
  it('lets no digest of a name leave where it says none', async () => {
    world.taps = makeTaps({ ...POLICY, names: 'none' });
    const tap = await recording();
    tap.push([clock.wallNs()]);
    stop();
    await reached('complete');
    const table = new PacketTable();
    const [batch] = shipped().filter(({ count }) => count > 0);
    if (batch) decodeColumns(batch.columns, table);
    expect([table.length, table.nameHigh[0]]).toEqual([1, 0]);
  });

  it('ends a tap that takes more packets in a second than it allows, and says so', async () => {
    world.taps = makeTaps({ ...POLICY, maxRate: 3 });
    const tap = await recording();
    const second = (clock.wallNs() / 1_000_000_000n + 1n) * 1_000_000_000n;
    tap.push([second, second + 1n, second + 2n]);
    expect(lastState()).toBe('recording');
    tap.push([second + 3n]);
    await reached('complete');
    expect(finalCoverage(shipped()).endedBy).toContain('maxRate');
  });
});
