import {
  BATCH_CODEC,
  BothendsError,
  FIRST_TABLE_CAPACITY,
  NS_PER_MS,
  type PacketTable,
  TABLE_CAPACITY,
  toBothendsError,
} from '@bothends/proto';
import type { Arm, TapProgress, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { forgetNames, forgetPayloads, RateWatch } from '../../policy/table-rules.js';
import { Spool } from '../../spool/spool.js';
import { digestKeyOf } from '../digest-key.js';
import type { TapEnvironment } from '../environment.js';
import { MarkerWatch } from '../marker.js';
import { discardCapture, type OpenCapture, openCapture } from '../open-capture.js';
import type { Place } from '../place.js';
import { CoverageLedger, withLosses } from './coverage.js';
import { limitsOf } from './limits.js';
import type { OwnedTap } from './owned-tap.js';
import { hasEnded, markerOf, type TapPhase } from './phase.js';
import { Recording } from './recording.js';
import { type ResumePoint, removeResumePoint, saveResumePoint } from './resume-file.js';
import { resumption } from './resumption.js';
import { SpoolShipment } from './spool-shipment.js';
import { saveTapFile } from './tap-file.js';

/** An armed tap that nobody starts was forgotten: a coordinator starts it within seconds, or fails the capture. */
const ARMED_MS = 30_000;
/**
 * The coordinator stops a capture when its time is over, lead-out included; the agent's own ceiling comes this
 * much later.
 */
const DURATION_GRACE_MS = 5_000;

/** What exists from the moment the capture is open. */
interface Running {
  readonly recording: Recording;
  readonly shipment: SpoolShipment;
  readonly ledger: CoverageLedger;
  /** Null once its marker is proven or given up. */
  readonly marker: MarkerWatch | null;
  readonly place: Place;
  readonly durationMs: number;
}

/**
 * One tap from arming to its last batch. It ships from the moment it is open, even before "start": that costs
 * nothing, and the marker's packet is evidence that the tap delivers.
 */
export class LiveTap implements OwnedTap {
  readonly tapId: string;
  readonly #arm: Arm;
  readonly #env: TapEnvironment;
  #digestKey: Uint8Array | null = null;
  #phase: TapPhase = { state: 'arming' };
  #running: Running | null = null;
  #timer: NodeJS.Timeout | undefined;
  #discarded = false;

  private constructor(arm: Arm, env: TapEnvironment) {
    this.tapId = arm.tapId;
    this.#arm = arm;
    this.#env = env;
  }

  /** Begins to arm; the outcome comes through `changed`. */
  static arm(arm: Arm, env: TapEnvironment): LiveTap {
    const tap = new LiveTap(arm, env);
    tap.#begin().catch((error) => tap.#fail(toBothendsError(error)));
    return tap;
  }

  /**
   * Continues a tap that was recording when its agent was killed, until the planned end; the time between is a
   * gap. Throws what stands in the way, and leaves the spool as it was.
   */
  static async resume(point: ResumePoint, saved: TapState, env: TapEnvironment): Promise<LiveTap> {
    const tap = new LiveTap(point.arm, env);
    const spool = Spool.open(env.directoryOf(tap.tapId), { limitBytes: env.policy().maxSpoolBytes });
    try {
      await tap.#goOn(point, saved, spool);
    } catch (error) {
      spool.close();
      throw error;
    }
    return tap;
  }

  get ended(): boolean {
    return this.#discarded || hasEnded(this.#phase);
  }

  get done(): boolean {
    return this.#discarded || (this.ended && (this.#running?.shipment.spool.drained ?? true));
  }

  get committed(): number {
    return this.#running?.shipment.committed ?? 0;
  }

  get spoolBytes(): number {
    return this.#running?.shipment.spool.bytes ?? 0;
  }

  next(sequence: number): Batch | null {
    return this.#running?.shipment.next(sequence) ?? null;
  }

  commit(sequence: number): void {
    this.#running?.shipment.commit(sequence);
    if (this.done) this.#env.changed(this);
  }

  refuse(reason: string): void {
    this.#env.logger.warn({ tap: this.tapId }, reason);
    this.stop(0, true);
  }

  state(): TapState {
    const phase = this.#phase;
    const fault = 'reason' in phase ? phase : { reason: '', code: '' };
    const coverage = this.#running?.ledger.toMessage();
    const losses = this.#running?.shipment.spool.losses.all ?? [];
    return {
      tapId: this.tapId,
      state: phase.state,
      reason: fault.reason,
      code: fault.code,
      markerNs: markerOf(phase),
      coverage: coverage && withLosses(coverage, losses),
    };
  }

  progress(): TapProgress {
    const { ledger, shipment } = this.#running ?? {};
    const kernelDrops = ledger?.kernelDrops ?? null;
    return {
      tapId: this.tapId,
      packets: BigInt(ledger?.packets ?? 0),
      kernelDrops: kernelDrops === null ? undefined : BigInt(kernelDrops),
      agentDrops: BigInt((ledger?.agentDrops ?? 0) + (shipment?.spool.losses.packets ?? 0)),
    };
  }

  start(): void {
    if (this.#phase.state !== 'armed' || !this.#running) return;
    const { recording, marker, place, durationMs } = this.#running;
    // By now the taps of all hosts are open.
    marker?.send(this.#arm.peerAddresses, this.#arm.markerPort, place.sendDatagram);
    const packetsBefore = this.#running.ledger.packets;
    recording.limit(limitsOf(this.#arm, this.#env.policy(), 0));
    const lastsMs = durationMs + DURATION_GRACE_MS;
    this.#endAfter(lastsMs);
    this.#saveResumePoint(lastsMs, packetsBefore);
    this.#enter({ state: 'recording', markerNs: markerOf(this.#phase) });
  }

  stop(leadOutMs: number, discard: boolean): void {
    const { state } = this.#phase;
    if (discard) this.#discard();
    else if (state === 'armed' || state === 'recording') {
      this.#enter({ state: 'draining', markerNs: markerOf(this.#phase) });
      this.#after(leadOutMs, () => this.#running?.recording.close());
    } else if (state === 'arming') {
      // Nothing was promised yet: it is as if it had never been armed.
      this.#discard();
    } else if (state === 'draining' && leadOutMs === 0) {
      this.#running?.recording.close();
    }
  }

  drain(ceiling: string): void {
    if (this.ended) return;
    this.#running?.ledger.endedBy(ceiling);
    const { state } = this.#phase;
    if (state === 'arming' || state === 'armed') {
      this.#fail(new BothendsError('resource-exhausted', `${this.#env.name} cannot record: ${ceiling}`));
      this.#running?.recording.close();
    } else {
      // No lead-out, because the ceiling holds.
      this.stop(0, false);
    }
  }

  clockStepped(oldNs: bigint, newNs: bigint): void {
    this.#running?.ledger.stepped(oldNs, newNs, this.#env.clock.wallMinusMonotonicNs());
  }

  destroy(): void {
    this.#running?.shipment.spool.destroy();
  }

  close(): void {
    this.#running?.shipment.spool.close();
  }

  async #begin(): Promise<void> {
    this.#digestKey = digestKeyOf(this.#arm, this.#env.exchangeKey);
    const open = await openCapture(this.#arm, this.#digestKey, this.#env);
    // Thrown away, or ended by a ceiling, while it was being opened.
    if (this.#discarded || hasEnded(this.#phase)) {
      await discardCapture(open.capture);
      open.raw?.close(null);
      this.#env.raw.forget(this.tapId, 'its capture was thrown away');
      return;
    }
    const { clock, directoryOf, policy } = this.#env;
    const spool = Spool.open(directoryOf(this.tapId), { limitBytes: policy().maxSpoolBytes });
    // After a crash of the machine an old tap of this id may be known to the coordinator.
    spool.commit(Number(this.#arm.committedSequence));
    const ledger = new CoverageLedger(open.head, open.surroundings, clock.wallMinusMonotonicNs());
    const marker = new MarkerWatch(this.#env.randomBytes);
    this.#record(open, spool, ledger, marker);
    const { peerAddresses, markerPort } = this.#arm;
    const markerNs = await marker.prove(peerAddresses, markerPort, open.place.sendDatagram);
    this.#running?.ledger.marked({ sent: markerPort !== 0, id: marker.id, leftNs: markerNs });
    if (this.#phase.state !== 'arming') return;
    this.#after(ARMED_MS, () => this.#discard());
    this.#enter({ state: 'armed', markerNs });
  }

  async #goOn(point: ResumePoint, saved: TapState, spool: Spool): Promise<void> {
    this.#digestKey = point.digestKey;
    const { open, ledger, limits, leftMs } = await resumption(point, saved, spool, this.#env);
    this.#phase = { state: 'recording', markerNs: saved.markerNs };
    this.#record(open, spool, ledger, null).limit(limits);
    this.#endAfter(leftMs);
  }

  /** Begins to move packets from an open capture into the spool. */
  #record(
    { capture, place, durationMs, names, raw }: OpenCapture,
    spool: Spool,
    ledger: CoverageLedger,
    marker: MarkerWatch | null,
  ): Recording {
    const { clock, logger, pump } = this.#env;
    const { tapId } = this;
    const full = (ceiling: string) => this.drain(ceiling);
    const look = this.#lookAt(marker);
    const survey = () => ({ interfaceStates: place.host.interfaces(), host: place.host.facts() });
    const recording = new Recording({
      tapId,
      capture,
      spool,
      ledger,
      clock,
      logger,
      pump,
      look,
      full,
      survey,
      names,
      raw,
      batchRows: Math.min(this.#arm.batchRows || FIRST_TABLE_CAPACITY, TABLE_CAPACITY),
    });
    const shipment = new SpoolShipment(tapId, spool, ledger.toMessage(), (sequence) =>
      recording.fresh(sequence),
    );
    this.#running = { recording, shipment, ledger, marker, place, durationMs };
    void recording.ended.then((error) => {
      if (raw !== null) this.#env.raw.closed(this.tapId, raw);
      this.#ended(error);
    });
    return recording;
  }

  /** What is done to every table before it is recorded. */
  #lookAt(marker: MarkerWatch | null): (table: PacketTable) => void {
    const { names, maxRate } = this.#env.policy();
    const rate = new RateWatch(maxRate);
    return (table) => {
      marker?.look(table);
      if (names === 'none') forgetNames(table);
      if (this.#arm.batchCodec < BATCH_CODEC) forgetPayloads(table);
      if (this.#phase.state === 'recording' && rate.isPassed(table)) {
        this.drain(`more than ${maxRate} packets/s came (maxRate in the policy of its host)`);
      }
    };
  }

  /** The agent's own ceiling, behind the coordinator's. */
  #endAfter(ms: number): void {
    this.#after(ms, () => this.drain('its time was over, and its coordinator had not stopped it'));
  }

  #ended(error: BothendsError | null): void {
    if (this.#discarded || hasEnded(this.#phase)) this.#env.changed(this);
    else if (error) this.#fail(error);
    else this.#enter({ state: 'complete', markerNs: markerOf(this.#phase) });
  }

  #fail(error: BothendsError): void {
    if (this.#discarded) return;
    const state = error.code === 'permission-denied' && !this.#running ? 'refused' : 'failed';
    this.#enter({ state, code: error.code, reason: error.message });
  }

  #discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    clearTimeout(this.#timer);
    this.#env.raw.forget(this.tapId, 'its capture was thrown away');
    if (this.#running && !hasEnded(this.#phase)) this.#running.recording.close();
    else this.#env.changed(this);
  }

  #enter(phase: TapPhase): void {
    this.#phase = phase;
    if (hasEnded(phase)) clearTimeout(this.#timer);
    if (this.#running) this.#save();
    if (phase.state !== 'recording') removeResumePoint(this.#env.directoryOf(this.tapId));
    this.#env.changed(this);
  }

  #saveResumePoint(lastsMs: number, packetsBefore: number): void {
    const { clock, host, directoryOf, logger } = this.#env;
    const endsNs = clock.monotonicNs() + BigInt(lastsMs) * BigInt(NS_PER_MS);
    const point = { arm: this.#arm, digestKey: this.#digestKey, bootId: host.bootId, endsNs, packetsBefore };
    try {
      saveResumePoint(directoryOf(this.tapId), point);
    } catch (err) {
      // A full disk: it records all the same, and would not go on after a crash.
      logger.warn({ tap: this.tapId, err }, 'what a resumption needs was not saved');
    }
  }

  #save(): void {
    try {
      saveTapFile(this.#env.directoryOf(this.tapId), this.state());
    } catch (err) {
      // A full disk: after a restart the last coverage in the spool tells as much.
      this.#env.logger.warn({ tap: this.tapId, err }, 'state of the tap not saved');
    }
  }

  #after(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}
