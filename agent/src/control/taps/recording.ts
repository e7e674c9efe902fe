import { type BothendsError, laterOf, NS_PER_MS, type PacketTable, toBothendsError } from '@bothends/proto';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { Logger } from 'pino';
import { type Tap as CaptureTap, TABLE_AGE_MS, type TapStats } from '../../capture/source.js';
import type { Clock } from '../../clock/clock.js';
import type { NameBook } from '../../decode/name-book.js';
import type { RawFile } from '../../raw/raw-file.js';
import type { Spool } from '../../spool/spool.js';
import { BatchWriter } from './batches.js';
import type { CoverageLedger, Surroundings } from './coverage.js';

export interface RecordingParts {
  readonly tapId: string;
  readonly capture: CaptureTap;
  readonly spool: Spool;
  readonly ledger: CoverageLedger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** There is something new to ship. */
  readonly pump: () => void;
  /** Sees each table before it goes into the spool. */
  readonly look: (table: PacketTable) => void;
  /** A limit of packets or bytes is reached. */
  readonly full: (ceiling: string) => void;
  /** The most packets that the coordinator takes in a batch. */
  readonly batchRows: number;
  /** Names that go along in clear, and the file of packets as they were captured; null: none. */
  readonly names: NameBook | null;
  readonly raw: RawFile | null;
  /** The host around the tap as it is now. */
  readonly survey: () => Surroundings;
}

/**
 * How often drops are asked for and the watermark is shipped. A conclusion from "not seen" waits for both, and is
 * to be on the screen within a second.
 */
const PULSE_MS = 200;
/**
 * After this long without a table no packet is still under way: a table comes at most TABLE_AGE_MS after its
 * first packet.
 */
const QUIET_MS = 2 * TABLE_AGE_MS;
/** A pulse this late means that the process got no CPU time; what the back end has sent may still be unread. */
const LATE_MS = PULSE_MS + QUIET_MS;
/** Once a second the spool is synced to disk, and the host is surveyed and described in the next batch. */
const PULSES_PER_SECOND = 5;

/** How much a tap may take; infinite where there is no limit. */
export interface Limits {
  readonly packets: number;
  /** Captured bytes; passed by at most one table. */
  readonly bytes: number;
}

const NO_LIMITS: Limits = { packets: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/** Moves packets from an open capture into its spool, and keeps its coverage true, until the capture ends. */
export class Recording {
  /** Resolves when everything is in the spool: with null after `close`, else with why the capture ended. */
  readonly ended: Promise<BothendsError | null>;
  readonly #parts: RecordingParts;
  readonly #batches: BatchWriter;
  readonly #timer: NodeJS.Timeout;
  #closing: Promise<TapStats> | null = null;
  #closedNs = 0n;
  #final: TapStats | null = null;
  #limits: Limits = NO_LIMITS;
  /** Taken since the limits were set. */
  #taken = { packets: 0, bytes: 0 };
  #lastTable: bigint;
  #lastPulse: bigint;
  #lastLate: bigint;
  #shippedNs = 0n;
  #pulses = 0;
  #asking = false;
  /** The next batch tells what the host looks like. */
  #describe = true;

  constructor(parts: RecordingParts) {
    this.#parts = parts;
    this.#batches = new BatchWriter(parts.spool, parts.tapId, parts.names, parts.batchRows);
    const now = parts.clock.monotonicNs();
    this.#lastTable = now;
    this.#lastPulse = now;
    this.#lastLate = now;
    this.#timer = setInterval(() => void this.#pulse(), PULSE_MS);
    this.ended = this.#consume();
  }

  /** Takes at most this much more. */
  limit(limits: Limits): void {
    this.#limits = limits;
    this.#taken = { packets: 0, bytes: 0 };
  }

  /** The batch of this number without reading the spool, as long as it is the newest. */
  fresh(sequence: number): Batch | null {
    return this.#batches.fresh(sequence);
  }

  /** Ends the capture; what it has taken already still goes into the spool. */
  close(): void {
    if (this.#closing) return;
    this.#closedNs ||= this.#parts.clock.wallNs();
    this.#closing = this.#parts.capture.close();
    // Awaited when the capture has delivered the rest; until then a failure is not unhandled.
    this.#closing.catch(() => undefined);
  }

  async #consume(): Promise<BothendsError | null> {
    let error: BothendsError | null = null;
    try {
      for await (const table of this.#parts.capture) this.#take(table);
      await this.#lastCheck();
    } catch (thrown) {
      error = toBothendsError(thrown);
    }
    clearInterval(this.#timer);
    this.#finish(error);
    return error;
  }

  #take(table: PacketTable): void {
    const { ledger, clock, look, pump } = this.#parts;
    this.#lastTable = clock.monotonicNs();
    look(table);
    const count = Math.min(table.length, this.#limits.packets - this.#taken.packets);
    if (count <= 0) return;
    this.#taken.packets += count;
    this.#taken.bytes += bytesOf(table, count);
    const lastNs = table.baseNs + BigInt(table.time[count - 1]);
    ledger.recorded(count, lastNs);
    this.#batches.rows(table, count, this.#coverage());
    this.#shippedNs = ledger.watermarkNs;
    pump();
    this.#checkLimits(lastNs);
  }

  #checkLimits(lastNs: bigint): void {
    const { packets, bytes } = this.#limits;
    if (this.#taken.packets >= packets) {
      // What comes after the last packet that was wanted was not recorded.
      this.#closedNs = lastNs;
      this.#parts.full(`the limit of ${packets} packets was reached`);
    } else if (this.#taken.bytes >= bytes) {
      this.#parts.full(`the limit of ${bytes} captured bytes was reached`);
    }
  }

  async #pulse(): Promise<void> {
    const { clock } = this.#parts;
    const now = clock.monotonicNs();
    if (now - this.#lastPulse > BigInt(LATE_MS * NS_PER_MS)) this.#lastLate = now;
    this.#lastPulse = now;
    if (++this.#pulses % PULSES_PER_SECOND === 0) this.#everySecond();
    // An answer may take longer than a pulse on a loaded host.
    if (this.#asking || this.#closing) return;
    this.#asking = true;
    try {
      await this.#check();
    } catch {
      // A capture that cannot answer any more says why when its iteration ends.
    }
    this.#asking = false;
    if (!this.#closing) this.#shipWatermark();
  }

  #everySecond(): void {
    const { spool, logger, ledger, survey, raw } = this.#parts;
    raw?.flush();
    spool.sync().catch((err) => logger.warn({ err }, 'spool not synced to disk'));
    ledger.surveyed(survey());
    this.#describe = true;
  }

  /** For a batch that is not the last. */
  #coverage(): Coverage {
    const whole = this.#describe;
    this.#describe = false;
    return this.#parts.ledger.toMessage(whole);
  }

  async #check(): Promise<void> {
    const { capture, clock, ledger } = this.#parts;
    const askedNs = clock.wallNs();
    const asked = clock.monotonicNs();
    ledger.checked(await capture.stats(), askedNs, clock.wallNs());
    // A back end that answers late may not have had time to read what the kernel holds for it.
    const answered = clock.monotonicNs();
    if (answered - asked > BigInt(TABLE_AGE_MS * NS_PER_MS)) this.#lastLate = answered;
    const quietSince = laterOf(this.#lastTable, this.#lastLate);
    const quietNs = BigInt(QUIET_MS * NS_PER_MS);
    if (answered - quietSince > quietNs) ledger.delivered(askedNs - quietNs);
  }

  #shipWatermark(): void {
    const { ledger, pump } = this.#parts;
    if (ledger.watermarkNs <= this.#shippedNs) return;
    this.#shippedNs = ledger.watermarkNs;
    this.#batches.coverage(this.#coverage(), false);
    pump();
  }

  /** The final counters, after a capture that was closed delivered the rest. */
  async #lastCheck(): Promise<void> {
    if (!this.#closing) this.close();
    const { clock, ledger } = this.#parts;
    const final = await this.#closing;
    if (!final) return;
    ledger.delivered(this.#closedNs);
    this.#final = final;
    ledger.checked(final, this.#closedNs, clock.wallNs());
  }

  /** A capture that died vouches for nothing after its watermark. */
  #finish(error: BothendsError | null): void {
    const { ledger, pump, raw } = this.#parts;
    raw?.close(this.#final);
    ledger.close(error ? ledger.watermarkNs : this.#closedNs);
    this.#batches.coverage(ledger.toMessage(), true);
    pump();
  }
}

function bytesOf(table: PacketTable, count: number): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += table.capturedLength[i];
  return bytes;
}
