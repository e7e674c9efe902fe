import { PROTOCOL } from '@bothends/proto';
import type { FetchRaw, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../clock/clock.js';
import { ClockExchange } from '../clock/exchange.js';
import type { RawAnswer } from '../raw/raw-export.js';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { Link } from './link.js';
import type { Command, LinkHost } from './session.js';
import type { Shipment } from './shipper.js';

/** A tap with `count` batches of `bytes` bytes. */
class FakeShipment implements Shipment {
  committed = 0;
  refused = '';
  /** How often each batch was asked for. */
  readonly asked: number[] = [];
  readonly tapId: string;
  count: number;
  readonly #bytes: number;

  constructor(tapId: string, count: number, bytes = 10) {
    this.tapId = tapId;
    this.count = count;
    this.#bytes = bytes;
  }

  next(sequence: number): Batch | null {
    if (sequence >= this.count || this.refused) return null;
    this.asked.push(sequence + 1);
    const columns = Buffer.alloc(this.#bytes, sequence);
    return { ...Batch.decode(Buffer.alloc(0)), tapId: this.tapId, sequence: BigInt(sequence + 1), columns };
  }

  commit(sequence: number): void {
    this.committed = Math.max(this.committed, sequence);
  }

  refuse(reason: string): void {
    this.refused = reason;
  }
}

/** A loaded machine takes its time; what holds at last is the point. */
const PATIENCE_MS = 60_000;
const eventually = (holds: () => void) => vi.waitFor(holds, { timeout: PATIENCE_MS });

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

let coordinator: FakeCoordinator;
let shipments: FakeShipment[];
let commands: Command[];
let states: TapState[];
let link: Link;
let over: AbortController;
let running: Promise<void>;

const rawAnswer = ({ fetchId, tapId }: FetchRaw): RawAnswer => ({
  head: { fetchId, reason: '', code: '', lacks: `of ${tapId}`, bytes: 5n },
  pieces: [Buffer.from('abc'), Buffer.from('de')],
});

function connect(heartbeatMs = 50): void {
  const now = process.hrtime.bigint;
  const clock: Clock = { wallNs: now, monotonicNs: now, wallMinusMonotonicNs: () => 7n };
  const host: LinkHost = {
    hello: () => ({
      version: '1',
      protocol: PROTOCOL,
      hostname: 'h',
      bootId: 'b',
      platform: 'p',
      backEnds: [],
      interfaces: [],
      tapIds: shipments.map(({ tapId }) => tapId),
      limits: [],
      consentOwners: [],
      dataDirectory: '',
    }),
    vitals: () => ({ wallMinusMonotonicNs: 7n, rssBytes: 1n, spoolBytes: 2n, taps: [] }),
    tapStates: () => states,
    shipments: () => shipments,
    command: (command) => commands.push(command),
    findPod: async ({ searchId }) => ({ searchId, pods: [], reason: '', code: '', near: [], seen: 2 }),
    fetchRaw: (request) => rawAnswer(request),
    welcomed: () => undefined,
    authorities: () => undefined,
  };
  link = new Link(
    {
      target: coordinator.target,
      credentials: credentials.createInsecure(),
      exchange: new ClockExchange(clock),
      heartbeatMs,
      logger: pino({ level: 'silent' }),
      random: () => 0,
    },
    host,
  );
  running = link.run(over.signal);
}

beforeEach(async () => {
  coordinator = new FakeCoordinator();
  await coordinator.start();
  shipments = [];
  commands = [];
  states = [];
  over = new AbortController();
});

afterEach(async () => {
  over.abort();
  await running;
  coordinator.stop();
});

describe('shipping', () => {
  it('sends what every tap has, in order, and learns what is committed', async () => {
    shipments = [new FakeShipment('a', 40), new FakeShipment('b', 3)];
    connect();
    await eventually(() => expect(shipments.map(({ committed }) => committed)).toEqual([40, 3]));
    expect(coordinator.sequencesOf('a')).toEqual(upTo(40));
    expect(coordinator.sequencesOf('b')).toEqual(upTo(3));
  });

  it('sends at once what a tap gets later', async () => {
    shipments = [new FakeShipment('a', 1)];
    connect();
    await eventually(() => expect(shipments[0].committed).toBe(1));
    shipments[0].count = 2;
    link.pump();
    await eventually(() => expect(shipments[0].committed).toBe(2));
  });

  it('begins with the first batch that is not committed', async () => {
    shipments = [new FakeShipment('a', 10)];
    shipments[0].committed = 6;
    connect();
    await eventually(() => expect(shipments[0].committed).toBe(10));
    expect(coordinator.arrived).toEqual([7, 8, 9, 10]);
  });

  it('keeps a bounded number under way to a coordinator that commits slowly', async () => {
    coordinator.commits = false;
    shipments = [new FakeShipment('a', 1000)];
    connect();
    await eventually(() => expect(coordinator.arrived).toHaveLength(256));
    for (let round = 0; round < 10 && shipments[0].committed < 1000; round++) {
      expect(shipments[0].asked.length - shipments[0].committed).toBeLessThanOrEqual(256);
      const { committed } = shipments[0];
      coordinator.commitAll();
      await eventually(() => expect(shipments[0].committed).toBeGreaterThan(committed));
    }
    coordinator.commits = true;
    coordinator.commitAll();
    await eventually(() => expect(shipments[0].committed).toBe(1000));
    expect(coordinator.arrived).toEqual(upTo(1000));
  });

  it('takes nothing more out of the spool while the coordinator does not read', async () => {
    coordinator.reads = false;
    shipments = [new FakeShipment('a', 200, 200_000)];
    connect();
    await eventually(() => expect(coordinator.arrived.length).toBeGreaterThan(0));
    await eventually(() => expect(coordinator.heartbeats.length).toBeGreaterThan(10));
    // Flow control windows and the stream's own queue hold a few; the other 30 MB stay where they are.
    expect(shipments[0].asked.length).toBeLessThan(60);
    coordinator.resume();
    await eventually(() => expect(shipments[0].committed).toBe(200));
    expect(coordinator.sequencesOf('a')).toEqual(upTo(200));
  });

  it('sends again only what was not committed when the stream broke', async () => {
    shipments = [new FakeShipment('a', 5)];
    connect();
    await eventually(() => expect(shipments[0].committed).toBe(5));
    coordinator.commits = false;
    shipments[0].count = 9;
    link.pump();
    await eventually(() => expect(coordinator.arrived).toHaveLength(9));
    coordinator.commits = true;
    coordinator.breakShip();
    await eventually(() => expect(shipments[0].committed).toBe(9));
    expect(coordinator.arrived).toEqual([...upTo(9), 6, 7, 8, 9]);
    expect(coordinator.sequencesOf('a')).toEqual(upTo(9));
  });

  it('loses and doubles nothing when the coordinator dies and comes back, again and again', async () => {
    shipments = [new FakeShipment('a', 0, 3000)];
    connect();
    for (let round = 1; round <= 4; round++) {
      shipments[0].count = round * 100;
      link.pump();
      await eventually(() => expect(coordinator.sequencesOf('a').length).toBeGreaterThan((round - 1) * 100));
      coordinator.stop();
      shipments[0].count += 20;
      link.pump();
      await coordinator.start();
    }
    await eventually(() => expect(shipments[0].committed).toBe(420));
    expect(coordinator.sequencesOf('a')).toEqual(upTo(420));
  });

  it('tells a tap that its batches will never be taken', async () => {
    coordinator.refusal = 'tap a takes no more packets: its capture was deleted';
    shipments = [new FakeShipment('a', 3)];
    connect();
    await eventually(() => expect(shipments[0].refused).toBe(coordinator.refusal));
  });
});

describe('control', () => {
  it('says hello with the taps it owns, and their states after the welcome, on every link', async () => {
    shipments = [new FakeShipment('t-1', 0)];
    states = [{ tapId: 't-1', state: 'recording', reason: '', code: '', markerNs: 1n, coverage: undefined }];
    connect();
    await eventually(() => expect(coordinator.states).toHaveLength(1));
    coordinator.stop();
    await coordinator.start();
    await eventually(() => expect(coordinator.states).toHaveLength(2));
    expect(coordinator.hellos.map(({ tapIds }) => tapIds)).toEqual([['t-1'], ['t-1']]);
    expect(coordinator.states[1]).toMatchObject({ tapId: 't-1', state: 'recording' });
  });

  it('hands on what the coordinator asks for', async () => {
    connect();
    await eventually(() => expect(link.connected).toBe(true));
    coordinator.send({ $case: 'start', value: { tapId: 't-1' } });
    coordinator.send({ $case: 'stop', value: { tapId: 't-1', leadOutMs: 5, discard: false } });
    await eventually(() => expect(commands.map(({ $case }) => $case)).toEqual(['start', 'stop']));
  });

  it('sends the raw packets that the coordinator asks for, with what it says of them first', async () => {
    connect();
    await eventually(() => expect(link.connected).toBe(true));
    coordinator.send({ $case: 'fetchRaw', value: { fetchId: 'f-1', tapId: 't-1', requestedBy: 'olga' } });
    await eventually(() => expect(coordinator.raw).toHaveLength(3));
    const [head, ...pieces] = coordinator.raw.map(({ message }) => message);
    expect(head).toMatchObject({ $case: 'head', value: { fetchId: 'f-1', lacks: 'of t-1' } });
    const bytes = pieces.map((piece) => (piece?.$case === 'data' ? piece.value : Buffer.alloc(0)));
    expect(Buffer.concat(bytes).toString()).toBe('abcde');
  });

  it('carries a whole clock exchange with the next heartbeat', async () => {
    connect();
    await eventually(() => expect(coordinator.heartbeats.length).toBeGreaterThan(2));
    const [first, second] = coordinator.heartbeats;
    expect(first.lastT1Ns).toBe(0n);
    expect(second.lastT1Ns).toBe(first.t1Ns);
    expect(second.lastT2Ns).toBe(first.t1Ns + 5n);
    expect(second.lastT4Ns).toBeGreaterThan(first.t1Ns);
    expect(second.lastT4Ns).toBeLessThan(second.t1Ns);
    expect(second.wallMinusMonotonicNs).toBe(7n);
  });

  it('gives up a link that does not answer and makes a new one', async () => {
    coordinator.answers = false;
    connect(20);
    await eventually(() => expect(coordinator.hellos.length).toBeGreaterThan(1));
    coordinator.answers = true;
    await eventually(() => expect(link.connected).toBe(true));
  });

  it('waits for a coordinator that is not there yet', async () => {
    coordinator.stop();
    connect();
    await eventually(() => expect(link.connected).toBe(false));
    await coordinator.start();
    await eventually(() => expect(link.connected).toBe(true));
  });
});
