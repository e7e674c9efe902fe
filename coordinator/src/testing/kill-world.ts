import type { ControlResponse, Hello } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { pino } from 'pino';
import type { Capture } from '../captures/capture.js';
import { Captures } from '../captures/captures.js';
import { Fleet, type Link } from '../fleet/fleet.js';
import { Ingest } from '../ingest/ingest.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';
import { helloOf } from './fake-agent.js';
import { fakeAnalyst } from './fake-engine.js';
import { captureRequest } from './harness.js';
import { batch, coverage, segments } from './packets.js';

const NS_PER_MS = 1_000_000n;
/** Promises that wait for one another settle within a few turns of the event loop. */
const TURNS = 5;

/** Time that passes when the test says so, with its timers. */
export class VirtualClock implements Clock {
  #nowMs = 1_000;
  #timers: { dueMs: number; action: () => void }[] = [];

  nowNs(): bigint {
    return BigInt(this.#nowMs) * NS_PER_MS;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    for (;;) {
      await settled();
      const [next] = this.#timers.filter(({ dueMs }) => dueMs <= until).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    this.#nowMs = until;
  }
}

export async function settled(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A disk: what one process wrote before it was killed is what the next one finds. */
export class KillStore {
  readonly reports = new Map<string, string>();
  /** Holds for the capture with whose write, and all that follow it, the process does not get to the disk. */
  diesWith: (capture: Capture) => boolean = () => false;
  readonly #captures = new Map<string, Capture>();
  readonly #batches = new Map<string, Batch[]>();
  #process = 0;

  /** Whoever wrote until now writes no more. */
  kill(): void {
    this.#process++;
    this.diesWith = () => false;
  }

  /** The store as a new process opens it. */
  open(): Store {
    const process = this.#process;
    const write = async (action: () => void) => {
      if (process !== this.#process) await new Promise(() => {});
      action();
    };
    const batchesOf = (tapId: string) => this.#batches.get(tapId) ?? [];
    const verbs: Partial<Store> = {
      saveCapture: async (capture) => {
        if (this.diesWith(capture)) this.kill();
        await write(() => this.#captures.set(capture.id, structuredClone(capture)));
      },
      captures: async () => [...this.#captures.values()].map((capture) => structuredClone(capture)),
      commit: async (batches) =>
        await write(() => {
          for (const one of batches) this.#batches.set(one.tapId, [...batchesOf(one.tapId), one]);
        }),
      totals: async (tapId) => ({ sequence: batchesOf(tapId).at(-1)?.sequence ?? 0n, packets: 0n }),
      batches: async (tapId, after, limit) =>
        batchesOf(tapId)
          .filter(({ sequence }) => sequence > after)
          .slice(0, limit),
      saveReport: async (id, json) => await write(() => this.reports.set(id, json)),
      report: async (id) => this.reports.get(id) ?? null,
    };
    return verbs as Store;
  }
}

/** One run of a coordinator. */
export class CoordinatorRun {
  readonly fleet: Fleet;
  readonly captures: Captures;
  readonly ingest: Ingest;

  private constructor(store: Store, clock: Clock) {
    const logger = pino({ level: 'silent' });
    this.fleet = new Fleet({ clock, version: 'test', seen: () => {}, authorities: () => '' });
    const endpoint = { port: 7443, addresses: [] };
    this.captures = new Captures({
      store,
      fleet: this.fleet,
      clock,
      logger,
      endpoint,
      analyst: fakeAnalyst(),
    });
    this.fleet.listen(this.captures.events);
    this.ingest = new Ingest(store, this.captures.events);
  }

  static async start(store: KillStore, clock: Clock): Promise<CoordinatorRun> {
    const run = new CoordinatorRun(store.open(), clock);
    await run.captures.resume();
    return run;
  }

  async capture(durationMs: number): Promise<string> {
    const request = { ...captureRequest(), durationMs: BigInt(durationMs) };
    return (await this.captures.start(request, 'admin')).id;
  }
}

/** What an agent is told to bring a tap to. */
export type Order = 'armed' | 'recording' | 'complete';

/** A tap at its agent. `asked` is an order that it has not followed yet. */
interface SimTap {
  state: 'arming' | 'armed' | 'recording' | 'draining' | 'complete' | 'failed';
  asked: Order | null;
  spool: Batch[];
  committed: number;
}

/** An agent with the promises of a real one: its spool outlives it, and what recorded goes on recording. */
export class SimAgent {
  readonly name: string;
  readonly taps = new Map<string, SimTap>();
  /** The order that it does not follow until it is set free. */
  holds: Order | null = null;
  /** False: it does not come back. */
  alive = true;
  readonly #hello: Partial<Hello>;
  #run: CoordinatorRun | null = null;
  #link: Link | null = null;

  constructor(name: string, hello: Partial<Hello> = {}) {
    this.name = name;
    this.#hello = hello;
  }

  get connected(): boolean {
    return this.#run !== null;
  }

  /** Links to a coordinator, with what it owns. */
  connect(run: CoordinatorRun): void {
    this.#run = run;
    this.#link = { peer: this.name, send: (message) => void this.#hear(message), cut: () => {} };
    run.fleet.connect(
      this.name,
      { ...helloOf(this.name), ...this.#hello, tapIds: [...this.taps.keys()] },
      this.#link,
    );
    for (const tapId of this.taps.keys()) this.#tell(tapId);
    this.#ship();
  }

  /** The link breaks; the coordinator hears of it unless it is gone itself. */
  disconnect(): void {
    const [run, link] = [this.#run, this.#link];
    [this.#run, this.#link] = [null, null];
    if (run && link) run.fleet.disconnect(this.name, link);
  }

  /** Killed: what was not recording is forgotten, what was draining is closed at what it had. */
  kill(): void {
    this.disconnect();
    this.holds = null;
    for (const [tapId, tap] of this.taps) {
      tap.asked = null;
      if (tap.state === 'arming' || tap.state === 'armed') this.taps.delete(tapId);
      else if (tap.state === 'draining') this.#close(tapId, tap, 'failed');
    }
  }

  /** Goes on with the orders that it was given. */
  free(): void {
    this.holds = null;
    for (const [tapId, tap] of this.taps) this.#follow(tapId, tap);
  }

  #hear({ message }: ControlResponse): void {
    // What is sent arrives later, and not at all when the receiver has gone.
    setImmediate(() => {
      if (message?.$case === 'arm') this.#order(message.value.tapId, 'armed');
      else if (message?.$case === 'start') this.#order(message.value.tapId, 'recording');
      else if (message?.$case === 'stop' && message.value.discard) this.taps.delete(message.value.tapId);
      else if (message?.$case === 'stop') this.#order(message.value.tapId, 'complete');
    });
  }

  #order(tapId: string, asked: Order): void {
    if (this.#run === null) return;
    const fresh: SimTap = { state: 'arming', asked, spool: [], committed: 0 };
    const tap = this.taps.get(tapId) ?? (asked === 'armed' ? fresh : null);
    if (tap === null) return;
    this.taps.set(tapId, tap);
    tap.asked = asked;
    if (asked === 'complete' && tap.state === 'recording') tap.state = 'draining';
    this.#follow(tapId, tap);
  }

  #follow(tapId: string, tap: SimTap): void {
    if (tap.asked === null || tap.asked === this.holds) return;
    if (tap.asked === 'complete') this.#close(tapId, tap, 'complete');
    else tap.state = tap.asked;
    tap.asked = null;
    if (tap.state === 'recording') tap.spool.push(batch(tapId, 1, segments(4), coverage(4)));
    this.#tell(tapId);
    this.#ship();
  }

  #close(tapId: string, tap: SimTap, state: 'complete' | 'failed'): void {
    if (tap.state === 'complete' || tap.state === 'failed') return;
    tap.state = state;
    tap.spool.push(batch(tapId, tap.spool.length + 1, segments(0), coverage(4, { closed: true })));
  }

  #tell(tapId: string): void {
    const tap = this.taps.get(tapId);
    if (tap === undefined || this.#run === null || this.#link === null) return;
    const fault =
      tap.state === 'failed'
        ? { code: 'data-loss', reason: 'the agent went down' }
        : { code: '', reason: '' };
    const value = { tapId, state: tap.state, ...fault, markerNs: 0n, coverage: undefined };
    this.#run.fleet.tapState(this.name, this.#link, value);
  }

  #ship(): void {
    for (const [tapId, tap] of this.taps) void this.#shipTap(tapId, tap, this.#run);
  }

  async #shipTap(tapId: string, tap: SimTap, run: CoordinatorRun | null): Promise<void> {
    if (run === null) return;
    for (const one of tap.spool.slice(tap.committed)) {
      const { acknowledged } = await run.ingest.accept(this.name, one);
      const { committedSequence, refused } = await acknowledged;
      if (run !== this.#run) return;
      if (refused !== '') this.taps.delete(tapId);
      tap.committed = Math.max(tap.committed, Number(committedSequence));
    }
    const over = tap.state === 'complete' || tap.state === 'failed';
    if (over && tap.committed === tap.spool.length) this.taps.delete(tapId);
  }
}
