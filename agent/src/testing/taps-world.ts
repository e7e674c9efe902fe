import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeColumns, PacketTable } from '@bothends/proto';
import { Arm, type TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { pino } from 'pino';
import { expect, vi } from 'vitest';
import type { Clock } from '../clock/clock.js';
import type { CaptureKit } from '../control/capture-kit.js';
import { makeExchangeKey } from '../control/digest-key.js';
import type { Host } from '../control/host.js';
import { Taps } from '../control/taps/taps.js';
import { PodsOfNode } from '../pods/node.js';
import { DEFAULT_POLICY, type Policy } from '../policy/policy.js';
import { HostAudit } from '../raw/host-audit.js';
import { RawStore } from '../raw/raw-store.js';
import { SyntheticSource, type SyntheticTap } from './synthetic-source.js';

// The taps of an agent for tests: real spools, synthetic captures.

export const HOST: Host = {
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

export const ARM: Arm = {
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
export const clock: Clock = {
  wallNs: () => process.hrtime.bigint() + clock.wallMinusMonotonicNs(),
  monotonicNs: () => process.hrtime.bigint(),
  wallMinusMonotonicNs: () => world.offsetNs,
};
const OFFSET_NS = 1_700_000_000_000_000_000n - process.hrtime.bigint();

/** A loaded machine takes its time; what holds at last is the point. */
const PATIENCE_MS = 60_000;
export const eventually = (holds: () => void) => vi.waitFor(holds, { timeout: PATIENCE_MS });

/** A small spool, so that tests fill it. */
export const POLICY = { ...DEFAULT_POLICY, maxSpoolBytes: 1 << 17 };

interface Datagram {
  address: string;
  port: number;
  payload: Uint8Array;
}

/** What a test looks at and changes; made anew by `openWorld`. */
export interface World {
  /** Holds `spool`, `raw` and `audit.log`. */
  directory: string;
  source: SyntheticSource;
  /** All that the taps reported, oldest first. */
  states: TapState[];
  taps: Taps;
  /** Markers that were sent. */
  datagrams: Datagram[];
  onDatagram: (payload: Uint8Array) => void;
  /** Wall minus monotonic clock, ns. */
  offsetNs: bigint;
}

export let world: World;

const kit: CaptureKit = {
  source: async () => world.source,
  filter: async (_source, text) => ({ text: `wide(${text})`, length: 9 }),
};

/** Where kept packets of an agent with this policy are; `directory` is as in World. */
export function rawStore(policy: Policy, directory = world.directory): RawStore {
  return new RawStore({
    directory: join(directory, 'raw'),
    name: 'db-1',
    policy: () => policy,
    audit: new HostAudit(join(directory, 'audit.log'), clock.wallNs),
    logger: pino({ level: 'silent' }),
  });
}

/** The taps of an agent with its spool in this folder. */
export function makeTaps(policy = POLICY, spool = join(world.directory, 'spool'), host = HOST): Taps {
  return new Taps({
    name: 'db-1',
    host,
    clock,
    kit,
    logger: pino({ level: 'silent' }),
    policy: () => policy,
    pods: new PodsOfNode('db-1', () => policy, null),
    raw: rawStore(policy, dirname(spool)),
    exchangeKey: makeExchangeKey(),
    randomBytes: (count) => new Uint8Array(count).fill(7),
    sendDatagram: (address, port, payload) => {
      world.datagrams.push({ address, port, payload });
      world.onDatagram(payload);
    },
    directory: spool,
    report: (state) => world.states.push(state),
    pump: () => undefined,
    connected: () => false,
  });
}

/** An agent with an empty disk; to be called before each test. */
export function openWorld(): void {
  const directory = mkdtempSync(join(tmpdir(), 'bothends-taps-'));
  world = {
    directory,
    source: new SyntheticSource(),
    states: [],
    taps: makeTaps(POLICY, join(directory, 'spool')),
    datagrams: [],
    onDatagram: () => undefined,
    offsetNs: OFFSET_NS,
  };
}

/** To be called after each test. */
export async function closeWorld(): Promise<void> {
  await world.taps.drain(100);
  rmSync(world.directory, { recursive: true, force: true });
}

export const lastState = () => world.states.at(-1)?.state;
export const reached = (state: string) => eventually(() => expect(lastState()).toBe(state));

export async function armed(change: Partial<Arm> = {}): Promise<SyntheticTap> {
  world.taps.command({ $case: 'arm', value: { ...ARM, ...change } });
  await reached('armed');
  return world.source.taps[0];
}

export async function recording(change: Partial<Arm> = {}): Promise<SyntheticTap> {
  const tap = await armed(change);
  world.taps.command({ $case: 'start', value: { tapId: ARM.tapId } });
  await reached('recording');
  return tap;
}

export function stop(leadOutMs = 0, discard = false): void {
  world.taps.command({ $case: 'stop', value: { tapId: ARM.tapId, leadOutMs, discard } });
}

/** Everything that would be shipped of the one tap. */
export function shipped(from = world.taps): Batch[] {
  const [tap] = from.all();
  const batches: Batch[] = [];
  for (let at = 0; tap; at++) {
    const batch = tap.next(at);
    if (!batch) break;
    batches.push(batch);
  }
  return batches;
}

export function packetTimes(batches: readonly Batch[]): bigint[] {
  const table = new PacketTable();
  return batches.flatMap((batch) => {
    if (batch.count === 0) return [];
    decodeColumns(batch.columns, table);
    return Array.from(table.time.subarray(0, table.length), (time) => table.baseNs + BigInt(time));
  });
}

/** The coverage of the last batch, which must be there. */
export function finalCoverage(batches: readonly Batch[]): Coverage {
  const coverage = batches.at(-1)?.coverage;
  if (!coverage) throw new Error('no coverage');
  return coverage;
}
