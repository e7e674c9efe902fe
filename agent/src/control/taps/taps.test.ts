import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BothendsError, decodeColumns, PacketTable } from '@bothends/proto';
import { linkOf } from '@bothends/proto/evidence/chain';
import { Arm, type TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readMarker } from '../../capture/marker.js';
import type { Clock } from '../../clock/clock.js';
import { PodsOfNode } from '../../pods/node.js';
import { DEFAULT_POLICY, type Policy } from '../../policy/policy.js';
import { HostAudit } from '../../raw/host-audit.js';
import { RawStore } from '../../raw/raw-store.js';
import type { CaptureKit } from '../capture-kit.js';
import { makeExchangeKey } from '../digest-key.js';
import type { Host } from '../host.js';
import { SyntheticSource, type SyntheticTap } from '../synthetic-source.js';
import { Taps } from './taps.js';

const HOST: Host = {
  hostname: 'db',
  bootId: 'boot-1',
  platform: 'Linux',
  interfaces: () => [
    { name: 'eth0', index: 2, up: true, mtu: 1500, xdp: false, offloads: [], addresses: ['192.0.2.7'] },
  ],
  facts: () => ({ kernel: 'Linux 6.1', networkNamespace: '4026531840', clockSync: undefined }),
  limits: () => [],
  survey: async () => undefined,
};

const ARM: Arm = {
  ...Arm.decode(Buffer.alloc(0)),
  captureId: 'c-1',
  tapId: 'c-1-server',
  interface: 'any',
  filter: 'udp',
  durationMs: 60_000n,
  digestKey: Buffer.alloc(16, 1),
  peerAddresses: ['192.0.2.9'],
};

/** Wall time in these tests: real time moved into the synthetic taps' days. */
const clock: Clock = {
  wallNs: () => process.hrtime.bigint() + clock.wallMinusMonotonicNs(),
  monotonicNs: () => process.hrtime.bigint(),
  wallMinusMonotonicNs: () => offsetNs,
};
const OFFSET_NS = 1_700_000_000_000_000_000n - process.hrtime.bigint();
let offsetNs = OFFSET_NS;

/** A loaded machine takes its time; what holds at last is the point. */
const PATIENCE_MS = 60_000;
const eventually = (holds: () => void) => vi.waitFor(holds, { timeout: PATIENCE_MS });

/** A small spool, so that tests fill it. */
const POLICY = { ...DEFAULT_POLICY, maxSpoolBytes: 1 << 17 };

let directory: string;
let source: SyntheticSource;
let states: TapState[];
let taps: Taps;
let datagrams: { address: string; port: number; payload: Uint8Array }[];
let onDatagram: (payload: Uint8Array) => void;

const kit: CaptureKit = {
  source: async () => source,
  filter: async (_source, text) => ({ text: `wide(${text})`, length: 9 }),
};

function rawStore(policy: Policy): RawStore {
  return new RawStore({
    directory: join(directory, 'raw'),
    name: 'db-1',
    policy: () => policy,
    audit: new HostAudit(join(directory, 'audit.log'), clock.wallNs),
    logger: pino({ level: 'silent' }),
  });
}

function makeTaps(policy = POLICY, spool = join(directory, 'spool'), host = HOST): Taps {
  return new Taps({
    name: 'db-1',
    host,
    clock,
    kit,
    logger: pino({ level: 'silent' }),
    policy: () => policy,
    pods: new PodsOfNode('db-1', () => policy, null),
    raw: rawStore(policy),
    exchangeKey: makeExchangeKey(),
    randomBytes: (count) => new Uint8Array(count).fill(7),
    sendDatagram: (address, port, payload) => {
      datagrams.push({ address, port, payload });
      onDatagram(payload);
    },
    directory: spool,
    report: (state) => states.push(state),
    pump: () => undefined,
    connected: () => false,
  });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-taps-'));
  source = new SyntheticSource();
  offsetNs = OFFSET_NS;
  states = [];
  datagrams = [];
  onDatagram = () => undefined;
  taps = makeTaps();
});

afterEach(async () => {
  await taps.drain(100);
  rmSync(directory, { recursive: true, force: true });
});

const lastState = () => states.at(-1)?.state;
const reached = (state: string) => eventually(() => expect(lastState()).toBe(state));

async function armed(change: Partial<Arm> = {}): Promise<SyntheticTap> {
  taps.command({ $case: 'arm', value: { ...ARM, ...change } });
  await reached('armed');
  return source.taps[0];
}

async function recording(change: Partial<Arm> = {}): Promise<SyntheticTap> {
  const tap = await armed(change);
  taps.command({ $case: 'start', value: { tapId: ARM.tapId } });
  await reached('recording');
  return tap;
}

function stop(leadOutMs = 0, discard = false): void {
  taps.command({ $case: 'stop', value: { tapId: ARM.tapId, leadOutMs, discard } });
}

/** Everything that would be shipped of the one tap. */
function shipped(from = taps): Batch[] {
  const [tap] = from.all();
  const batches: Batch[] = [];
  for (let at = 0; tap; at++) {
    const batch = tap.next(at);
    if (!batch) break;
    batches.push(batch);
  }
  return batches;
}

function packetTimes(batches: readonly Batch[]): bigint[] {
  const table = new PacketTable();
  return batches.flatMap((batch) => {
    if (batch.count === 0) return [];
    decodeColumns(batch.columns, table);
    return Array.from(table.time.subarray(0, table.length), (time) => table.baseNs + BigInt(time));
  });
}

/** The coverage of the last batch, which must be there. */
function finalCoverage(batches: readonly Batch[]): Coverage {
  const coverage = batches.at(-1)?.coverage;
  if (!coverage) throw new Error('no coverage');
  return coverage;
}

describe('a tap', () => {
  it('is armed, records, drains and completes, and every packet is shipped', async () => {
    const tap = await recording();
    const times = Array.from({ length: 100 }, (_, i) => clock.wallNs() + BigInt(i));
    tap.push(times.slice(0, 60));
    tap.push(times.slice(60));
    stop();
    await reached('complete');
    expect(states.map(({ state }) => state)).toEqual(['armed', 'recording', 'draining', 'complete']);
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
    const [owned] = taps.all();
    owned.commit(shipped().length);
    expect([...taps.all()]).toEqual([]);
    expect(readdirSync(join(directory, 'spool'))).toEqual([]);
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
    onDatagram = (payload) => {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      source.taps[0].push([seen], readMarker(view, 0, payload.length, payload.length));
    };
    await armed({ markerPort: 9 });
    expect(datagrams[0]).toMatchObject({ address: '192.0.2.9', port: 9 });
    expect(states.at(-1)?.markerNs).toBe(seen);
  });

  it('is armed without its marker after a while, and says that it did not see it', async () => {
    await armed({ markerPort: 9 });
    expect(datagrams.length).toBeGreaterThan(1);
    expect(states.at(-1)?.markerNs).toBe(0n);
  });

  it('sends its marker again when it starts, for taps that were opened later', async () => {
    await armed({ markerPort: 9 });
    const before = datagrams.length;
    taps.command({ $case: 'start', value: { tapId: ARM.tapId } });
    await reached('recording');
    expect(datagrams).toHaveLength(before + 1);
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
    expect(taps.progress()[0].agentDrops).toBe(3n);
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
    expect(states.at(-1)).toMatchObject({ code: 'unavailable', reason: 'tcpdump was killed' });
    const batches = shipped();
    expect(packetTimes(batches)).toEqual([time]);
    const coverage = finalCoverage(batches);
    expect(coverage.closedNs).toBeGreaterThan(0n);
    expect(coverage.closedNs).toBeLessThanOrEqual(time);
  });

  it('marks the interval in which the wall clock was set', async () => {
    await recording();
    taps.clockStepped(5_000n, 3_000n);
    expect(states.length).toBeGreaterThan(0);
    stop();
    await reached('complete');
    expect(finalCoverage(shipped()).gaps).toMatchObject([
      { cause: 'clock-step', fromNs: 3_000n, toNs: 5_000n },
    ]);
  });

  it('is thrown away when the capture does not start', async () => {
    const tap = await armed();
    stop(0, true);
    await eventually(() => expect([...taps.all()]).toEqual([]));
    expect(tap.closed).toBe(true);
    expect(readdirSync(join(directory, 'spool'))).toEqual([]);
  });

  it('is closed again where a ceiling was passed while it was being opened', async () => {
    taps.command({ $case: 'arm', value: ARM });
    taps.endAll('the agent takes too much memory');
    await reached('failed');
    await eventually(() => expect(source.taps[0]?.closed).toBe(true));
    expect(states.at(-1)?.reason).toBe('db-1 cannot record: the agent takes too much memory');
  });

  it('is thrown away when nobody starts it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const tap = await armed();
      await vi.advanceTimersByTimeAsync(40_000);
      await eventually(() => expect([...taps.all()]).toEqual([]));
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
    taps.command({ $case: 'arm', value: ARM });
    expect(source.taps).toHaveLength(1);
    expect(states.at(-1)).toMatchObject({ tapId: ARM.tapId, state: 'recording' });
  });
});

describe('a tap that cannot be', () => {
  it('is refused by the policy, with a sentence', async () => {
    taps.command({ $case: 'arm', value: { ...ARM, snaplen: 65_535 } });
    await reached('refused');
    expect(states.at(-1)).toMatchObject({
      code: 'permission-denied',
      reason: 'policy of db-1 refuses snaplen 65535 (maxSnaplen: 192): ask its owner, or use -s 192',
    });
    expect([...taps.all()]).toEqual([]);
  });

  it('fails with what the back end says', async () => {
    source.refusal = new BothendsError('not-found', 'there is no interface "eth9" on this host');
    taps.command({ $case: 'arm', value: { ...ARM, interface: 'eth9' } });
    await reached('failed');
    expect(states.at(-1)).toMatchObject({ code: 'not-found', reason: source.refusal.message });
  });

  it('is declined by an agent that is about to end', async () => {
    await taps.drain(100);
    taps.command({ $case: 'arm', value: ARM });
    expect(states.at(-1)).toMatchObject({ state: 'failed', code: 'unavailable' });
  });

  it('does not get a directory outside its own', () => {
    taps.command({ $case: 'arm', value: { ...ARM, tapId: '../../etc' } });
    expect(states.at(-1)).toMatchObject({ state: 'failed', code: 'invalid-argument' });
    expect(source.taps).toEqual([]);
  });
});

describe('a ceiling of the agent', () => {
  it('ends what records, keeps what was taken and says which it was', async () => {
    const tap = await recording();
    const times = [clock.wallNs(), clock.wallNs()];
    tap.push(times);
    await eventually(() => expect(packetTimes(shipped())).toHaveLength(2));
    taps.endAll('the agent takes too much memory');
    await reached('complete');
    expect(packetTimes(shipped())).toEqual(times);
    expect(finalCoverage(shipped()).endedBy).toBe('the agent takes too much memory');
  });

  it('fails a tap that waits for its start, so that nobody starts', async () => {
    await armed();
    taps.endAll('only 1 MB are free on its disk');
    await reached('failed');
    expect(states.at(-1)).toMatchObject({
      code: 'resource-exhausted',
      reason: 'db-1 cannot record: only 1 MB are free on its disk',
    });
    await eventually(() => expect(source.taps[0]?.closed).toBe(true));
  });

  it('of captured bytes ends the tap that passes it', async () => {
    taps = makeTaps({ ...POLICY, maxBytes: 1 });
    const tap = await recording();
    tap.push([clock.wallNs()]);
    await reached('complete');
    expect(finalCoverage(shipped()).endedBy).toMatch(/limit of 1 captured bytes/);
  });
});

describe('an agent that starts again', () => {
  let second: Taps | null = null;
  afterEach(async () => {
    await second?.drain(100);
    second = null;
  });

  /** A second agent on a copy of the first one's disk as it is now: so the first might have been killed now. */
  async function restarted(change: Partial<Host> = {}): Promise<Taps> {
    const copy = join(directory, 'copy');
    cpSync(join(directory, 'spool'), copy, { recursive: true });
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
    expect(source.taps[1]?.options).toEqual(source.taps[0]?.options);
    const later = clock.wallNs();
    source.taps[1]?.push([later]);
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
    const [, resumed] = source.taps;
    if (resumed) resumed.kernelDrops = 2;
    await eventually(() => expect(shipped(again).at(-1)?.coverage?.kernelDrops).toBe(7n));
    resumed?.push([clock.wallNs(), clock.wallNs()]);
    await eventually(() => expect(again.states()).toMatchObject([{ state: 'complete' }]));
    expect(finalCoverage(shipped(again))).toMatchObject({ packets: 3n, kernelDrops: 7n });
  });

  it('says that the wall clock was set while it was down', async () => {
    await interrupted();
    offsetNs -= 3_600_000_000_000n;
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
    source.refusal = refusal;
    const again = await restarted(host);
    expect(again.states()).toMatchObject([
      { state: 'failed', code: 'data-loss', reason: expect.stringContaining(why) },
    ]);
    const batches = shipped(again);
    expect(packetTimes(batches)).toEqual(times);
    const coverage = finalCoverage(batches);
    expect(coverage.closedNs).toBeGreaterThanOrEqual(before.watermarkNs);
    expect(coverage.gaps.at(-1)).toMatchObject({ cause: 'agent-down', fromNs: coverage.closedNs });
    expect(readdirSync(join(directory, 'copy', ARM.tapId))).not.toContain('resume.json');
  });

  it('keeps the key of a capture on its disk only while it records, and only for its owner', async () => {
    await recording();
    const path = join(directory, 'spool', ARM.tapId, 'resume.json');
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
    const kept = join(directory, 'raw', `${ARM.tapId}.pcapng`);
    expect(existsSync(kept)).toBe(true);
    again.command({ $case: 'stop', value: { tapId: ARM.tapId, leadOutMs: 0, discard: true } });
    expect(again.ids()).toEqual([]);
    expect(existsSync(kept)).toBe(false);
  });

  it('knows that a tap is complete which wrote its last batch and was killed before its state', async () => {
    await recording();
    stop(200);
    await reached('draining');
    const path = join(directory, 'spool', ARM.tapId, 'tap.json');
    const draining = readFileSync(path);
    await reached('complete');
    writeFileSync(path, draining);
    expect((await restarted()).states()).toMatchObject([{ state: 'complete' }]);
  });

  it('drops a tap that never recorded', async () => {
    await armed();
    expect((await restarted()).ids()).toEqual([]);
    expect(readdirSync(join(directory, 'copy'))).toEqual([]);
  });

  it('puts a directory aside that it cannot read, and starts', async () => {
    await recording();
    rmSync(join(directory, 'spool', ARM.tapId, 'tap.json'));
    expect((await restarted()).ids()).toEqual([]);
    expect(readdirSync(join(directory, 'copy'))).toEqual([`${ARM.tapId}.damaged`]);
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
      await eventually(() => expect(taps.progress()[0].packets).toBe(BigInt((round + 1) * 4000)));
    }
    const lost = taps.progress()[0].agentDrops;
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
    taps = makeTaps({ ...POLICY, names: 'none' });
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
    taps = makeTaps({ ...POLICY, maxRate: 3 });
    const tap = await recording();
    const second = (clock.wallNs() / 1_000_000_000n + 1n) * 1_000_000_000n;
    tap.push([second, second + 1n, second + 2n]);
    expect(lastState()).toBe('recording');
    tap.push([second + 3n]);
    await reached('complete');
    expect(finalCoverage(shipped()).endedBy).toContain('maxRate');
  });
});
