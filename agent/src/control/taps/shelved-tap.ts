import { laterOf } from '@bothends/proto';
import type { TapProgress, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { Spool } from '../../spool/spool.js';
import { BatchWriter, lastCoverage } from './batches.js';
import { withLosses } from './coverage.js';
import type { OwnedTap } from './owned-tap.js';
import { SpoolShipment } from './spool-shipment.js';
import { loadTapFile } from './tap-file.js';

export interface ShelfOptions {
  readonly directory: string;
  readonly spoolBytes: number;
  /** Name of the agent, for messages. */
  readonly name: string;
  /** The host's wall clock now, epoch ns. */
  readonly nowNs: bigint;
  /** Why a tap that was recording does not go on. */
  readonly why: string;
  /** The tap is done, or is to be thrown away. */
  readonly changed: (tap: OwnedTap) => void;
  /** The evidence is no longer wanted: whatever else is kept of the tap goes, too. */
  readonly discarded: () => void;
}

/** A tap whose agent went away before everything was committed: it records no more, and ships the rest. */
export class ShelvedTap implements OwnedTap {
  readonly tapId: string;
  readonly ended = true;
  readonly #state: TapState;
  readonly #shipment: SpoolShipment;
  readonly #told: Pick<ShelfOptions, 'changed' | 'discarded'>;
  #discarded = false;

  private constructor(
    state: TapState,
    shipment: SpoolShipment,
    told: Pick<ShelfOptions, 'changed' | 'discarded'>,
  ) {
    this.tapId = state.tapId;
    this.#state = state;
    this.#shipment = shipment;
    this.#told = told;
  }

  /**
   * Takes up the tap in a directory; null when it had never recorded and nobody waits for it. One that was cut off
   * gets a last batch that says from when on nothing was recorded. Throws `data-loss` when the directory is unreadable.
   */
  static restore(options: ShelfOptions): ShelvedTap | null {
    const { directory, spoolBytes, name, nowNs, why } = options;
    const saved = loadTapFile(directory);
    const spool = Spool.open(directory, { limitBytes: spoolBytes });
    if (saved.state === 'armed' || !saved.coverage) {
      spool.destroy();
      options.discarded();
      return null;
    }
    const last = lastCoverage(spool) ?? saved.coverage;
    if (last.closedNs !== 0n) {
      return new ShelvedTap(ended(saved, name), new SpoolShipment(saved.tapId, spool, last), options);
    }
    const coverage = cutOff(last, nowNs);
    new BatchWriter(spool, saved.tapId).coverage(coverage, true);
    const state: TapState = {
      ...saved,
      state: 'failed',
      code: 'data-loss',
      reason: `the agent of ${name} went down while it recorded (${why}): what it had taken until then is kept, later packets are not`,
      coverage,
    };
    return new ShelvedTap(state, new SpoolShipment(saved.tapId, spool, coverage), options);
  }

  get done(): boolean {
    return this.#discarded || this.#shipment.spool.drained;
  }

  get committed(): number {
    return this.#shipment.committed;
  }

  get spoolBytes(): number {
    return this.#shipment.spool.bytes;
  }

  next(sequence: number): Batch | null {
    return this.#shipment.next(sequence);
  }

  commit(sequence: number): void {
    this.#shipment.commit(sequence);
    if (this.done) this.#told.changed(this);
  }

  refuse(_reason: string): void {
    this.stop(0, true);
  }

  state(): TapState {
    const { coverage } = this.#state;
    return { ...this.#state, coverage: coverage && withLosses(coverage, this.#shipment.spool.losses.all) };
  }

  progress(): TapProgress {
    const { coverage } = this.state();
    return {
      tapId: this.tapId,
      packets: coverage?.packets ?? 0n,
      kernelDrops: coverage?.kernelDrops,
      agentDrops: coverage?.agentDrops ?? 0n,
    };
  }

  start(): void {
    // It has ended; the coordinator learns so from its state.
  }

  stop(_leadOutMs: number, discard: boolean): void {
    if (!discard) return;
    this.#discarded = true;
    this.#told.discarded();
    this.#told.changed(this);
  }

  drain(_ceiling: string): void {
    // It takes no packets.
  }

  clockStepped(): void {
    // Its packets were stamped before.
  }

  destroy(): void {
    this.#shipment.spool.destroy();
  }

  close(): void {
    this.#shipment.spool.close();
  }
}

/** The state of a tap whose last batch is written, in case the agent was killed before it could report that. */
function ended(saved: TapState, name: string): TapState {
  // It was told to stop, and did.
  if (saved.state === 'draining') return { ...saved, state: 'complete' };
  if (saved.state !== 'recording') return saved;
  const reason = `the capture on ${name} ended by itself, and its agent went down before it could say why: see its log`;
  return { ...saved, state: 'failed', code: 'data-loss', reason };
}

/** Closed at the last moment that was vouched for, with a gap since. */
function cutOff(last: Coverage, nowNs: bigint): Coverage {
  const fromNs = last.watermarkNs;
  const gap = { fromNs, toNs: laterOf(fromNs, nowNs), packets: 0n, cause: 'agent-down' };
  return { ...last, closedNs: fromNs, gaps: [...last.gaps, gap] };
}
