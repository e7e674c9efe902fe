import { decodeColumns, Layer, laterOf, PacketTable, Tcp } from '@bothends/proto';
import { checksum } from '@bothends/proto/evidence/checksum';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { type Capture, timesOf } from '../captures/capture.js';
import type { EngineLike, GapInterval, TapCoverage, TapDescription } from '../engine/types.js';
import { ClearNames } from './clear-names.js';
import { isDeclared, tapCoverage, withExactLosses } from './coverage.js';

/** IP protocol number of TCP. */
const TCP = 6;

/** Rows of any batch being decoded; one for all, because an engine keeps nothing of it. */
const table = new PacketTable();

/**
 * Feeds one tap's batches to an engine, and declares a gap for whatever is missing or cannot be read, so that
 * absence is never concluded from our own loss. The same batches always give the same gaps.
 */
export class TapFeed {
  readonly #engine: EngineLike;
  readonly #index: number;
  readonly #declared: GapInterval[] = [];
  #sequence = 0n;
  #lastNs = 0n;
  /** Packets of the batches that came. */
  #delivered = 0;
  #coverage: Coverage | undefined;
  /** Null while no batch of the tap has brought any. */
  #names: ClearNames | null = null;

  constructor(engine: EngineLike, tap: TapDescription) {
    this.#engine = engine;
    this.#index = engine.addTap(tap);
  }

  /** Returns true when the batch held a TCP segment with RST. */
  push(batch: Batch): boolean {
    // Read from the store already while it was on its way here.
    if (batch.sequence <= this.#sequence) return false;
    this.#checkHole(batch);
    this.#sequence = batch.sequence;
    this.#delivered += batch.count;
    let reset = false;
    if (batch.count > 0) {
      this.#lastNs = batch.lastNs;
      reset = this.#decode(batch);
    }
    if (batch.coverage !== undefined) {
      this.#coverage = withExactLosses(batch.coverage, this.#delivered);
      this.#engine.cover(this.#index, tapCoverage(this.#coverage, this.#declared));
    }
    return reset;
  }

  /** Ends the tap; what it never closed is declared as a gap up to the end of the capture. */
  finish(capture: Capture): void {
    const coverage = this.#coverage;
    if (coverage === undefined) this.#engine.cover(this.#index, silentTap(capture));
    else if (coverage.closedNs === 0n) this.#engine.cover(this.#index, this.#cutOff(coverage, capture));
    this.#engine.finish(this.#index);
  }

  #decode(batch: Batch): boolean {
    try {
      if (checksum(batch.columns) !== batch.crc32) throw new Error('checksum');
      decodeColumns(batch.columns, table);
    } catch {
      // Damaged on our disk, or coded wrongly by its agent: the packets are gone, and the report says so.
      this.#declare(batch.firstNs, batch.lastNs, batch.count, 'corrupt-batch');
      return false;
    }
    this.#engine.push(this.#index, table);
    this.#nameRows(batch);
    return hasReset(table);
  }

  #nameRows({ names }: Batch): void {
    if (names !== undefined) {
      this.#names ??= new ClearNames();
      this.#names.learn(names.names);
    }
    if (this.#names === null) return;
    for (let row = 0; row < table.length; row++) {
      const [high, low] = [table.nameHigh[row], table.nameLow[row]];
      const name = high === 0 && low === 0 ? undefined : this.#names.of(high, low);
      if (name !== undefined) this.#engine.named(this.#index, table, row, name);
    }
  }

  /** Batches that never came: a full spool says so itself; anything else is declared here. */
  #checkHole(batch: Batch): void {
    if (batch.sequence === this.#sequence + 1n) return;
    const fromNs = this.#lastNs || batch.coverage?.openedNs || batch.firstNs;
    const toNs = laterOf(batch.firstNs, fromNs);
    if (!isDeclared(batch.coverage, fromNs, toNs)) this.#declare(fromNs, toNs, null, 'missing-batch');
  }

  #declare(fromNs: bigint, toNs: bigint, packets: number | null, cause: string): void {
    this.#declared.push({ fromNs, toNs, packets, cause });
  }

  /** A tap whose agent went away: nothing is known after its last watermark, in the time of its own clock. */
  #cutOff(coverage: Coverage, capture: Capture): TapCoverage {
    const { startedNs, endedNs } = timesOf(capture.phase);
    const knownUntil = coverage.watermarkNs || this.#lastNs || coverage.openedNs;
    const ran = startedNs !== null && endedNs !== null ? endedNs - startedNs : 0n;
    const toNs = laterOf(coverage.openedNs + ran, knownUntil + 1n);
    this.#declare(knownUntil, toNs, null, 'agent-down');
    return { ...tapCoverage(coverage, this.#declared), closedNs: knownUntil };
  }
}

/** Coverage of a tap that delivered nothing at all. */
function silentTap(capture: Capture): TapCoverage {
  const { startedNs, endedNs } = timesOf(capture.phase);
  const gaps =
    startedNs !== null && endedNs !== null
      ? [{ fromNs: startedNs, toNs: endedNs, packets: null, cause: 'agent-down' }]
      : [];
  return {
    backEnd: capture.request.backEnd,
    filter: capture.request.filter,
    interfaces: [capture.request.interface],
    snaplen: capture.request.snaplen,
    openedNs: null,
    closedNs: null,
    packets: 0,
    kernelDrops: null,
    agentDrops: 0,
    timestamps: 'user',
    gaps,
    watermarkNs: null,
  };
}

function hasReset({ length, layer, protocol, tcpFlags }: PacketTable): boolean {
  for (let i = 0; i < length; i++) {
    if (protocol[i] === TCP && layer[i] === Layer.transport && (tcpFlags[i] & Tcp.rst) !== 0) return true;
  }
  return false;
}
