import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Loss, LossLedger } from './losses.js';
import { type Payload, payloadLength, type RecordInfo } from './record.js';
import { isSegmentName, Segment, type SegmentSummary } from './segment.js';

export interface SpoolOptions {
  /** Most bytes on disk; past it the oldest segment goes. */
  readonly limitBytes: number;
}

/** What stands at a sequence number: a batch, or the place where a batch was lost. */
export type SpoolEntry =
  | { readonly kind: 'batch'; readonly sequence: number; readonly payload: Uint8Array }
  | { readonly kind: 'lost'; readonly sequence: number; readonly loss: Loss };

/** A batch for the spool; its sequence number is given by the spool. */
export type BatchInfo = Omit<RecordInfo, 'sequence'>;

/** Segments are dropped whole: an eighth of the limit is what one drop costs at most. */
const SEGMENTS_IN_LIMIT = 8;
/** Recovery reads a segment into memory. */
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
const LEDGER_FILE = 'losses.json';

/**
 * Batches of one tap on disk until the coordinator has committed them: segments of records that are only appended
 * to, and deleted as a whole.
 *
 * A process that is killed loses nothing for which `append` has returned, because the page cache outlives it. A
 * crash of the machine does lose data; `sync`, called once a second, bounds that to the last second. An fsync for
 * each batch would cost more than the capture itself and protect little more, because the taps die with the
 * machine.
 *
 * Every sequence number ends as a batch or as a declared loss, so the receiver never sees a hole.
 */
export class Spool {
  readonly directory: string;
  /** What was lost here since the tap opened. */
  readonly losses: LossLedger;
  readonly #options: SpoolOptions;
  readonly #segments: Segment[] = [];
  #nextSequence = 1;
  #committed = 0;
  #bytes = 0;
  /** A last batch that the disk did not take. */
  #inMemory: { readonly sequence: number; readonly payload: Uint8Array } | null = null;
  /** Where the next read in order goes on. */
  #cursor = { segment: null as Segment | null, sequence: 0, offset: 0 };

  private constructor(directory: string, options: SpoolOptions) {
    this.directory = directory;
    this.#options = options;
    this.losses = LossLedger.open(join(directory, LEDGER_FILE));
  }

  /**
   * Opens or makes the spool in `directory`, as far as a crash left it whole.
   * Throws the system's error when the directory cannot be used.
   */
  static open(directory: string, options: SpoolOptions): Spool {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const spool = new Spool(directory, options);
    for (const name of readdirSync(directory).filter(isSegmentName).sort()) {
      const segment = Segment.recover(join(directory, name));
      if (segment) spool.#adopt(segment);
    }
    spool.#settleNumbers();
    return spool;
  }

  /** Sequence number that the next batch gets. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Every batch up to here is committed at the coordinator, as far as is known. */
  get committed(): number {
    return this.#committed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when nothing waits to be committed. */
  get drained(): boolean {
    return this.#committed === this.#nextSequence - 1;
  }

  /** Keeps a batch under `nextSequence`; false when the disk did not take it; packets in it are declared lost. */
  append(info: BatchInfo, payload: Payload): boolean {
    const record = { ...info, sequence: this.#nextSequence };
    if (!this.#tryWrite(record, payload) && !(this.#reclaim() && this.#tryWrite(record, payload))) {
      // Whatever the system's reason is, these packets are gone and the tap goes on.
      if (info.packets === 0) return false;
      const { packets, firstNs: fromNs, lastNs: toNs } = info;
      this.losses.add({ fromSequence: 0, toSequence: 0, packets, fromNs, toNs, cause: 'spool-full' });
      return false;
    }
    this.#nextSequence++;
    this.#enforceLimit();
    return true;
  }

  /** Keeps the last batch of a tap, which is small, in memory if it must: without it the tap would never end. */
  appendFinal(info: BatchInfo, payload: Payload): void {
    const record = { ...info, sequence: this.#nextSequence };
    if (!this.#tryWrite(record, payload)) {
      this.#inMemory = { sequence: this.#nextSequence, payload: Buffer.concat(payload) };
    }
    this.#nextSequence++;
  }

  /** What comes after `sequence`, or null when there is nothing yet. */
  read(sequence: number): SpoolEntry | null {
    const wanted = Math.max(sequence, this.#committed) + 1;
    if (wanted >= this.#nextSequence) return null;
    if (wanted === this.#inMemory?.sequence) return { kind: 'batch', ...this.#inMemory };
    const segment = this.#segments.find((s) => s.summary.lastSequence >= wanted);
    const payload = segment && segment.summary.firstSequence <= wanted ? this.#find(segment, wanted) : null;
    if (payload) return { kind: 'batch', sequence: wanted, payload };
    return {
      kind: 'lost',
      sequence: wanted,
      loss: this.losses.at(wanted) ?? this.#declareDamage(wanted, segment),
    };
  }

  /** The newest batch on disk, committed or not; null when there is none or it cannot be read. */
  last(): Uint8Array | null {
    const newest = this.#segments.at(-1);
    return newest ? this.#find(newest, newest.summary.lastSequence) : null;
  }

  /** Forgets the batches up to `sequence`. The newest segment stays, because it carries the numbering. */
  commit(sequence: number): void {
    if (sequence <= this.#committed) return;
    this.#committed = sequence;
    // After a crash of the machine the coordinator may know more batches than the disk does.
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    this.losses.commit(sequence);
    while (this.#segments.length > 1 && this.#segments[0].summary.lastSequence <= sequence)
      this.#deleteOldest();
  }

  /** Puts everything on the disk itself. Throws the system's error. */
  async sync(): Promise<void> {
    await this.#segments.at(-1)?.sync();
  }

  close(): void {
    for (const segment of this.#segments) segment.close();
  }

  /** Removes the spool with everything in it. */
  destroy(): void {
    this.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #adopt(segment: Segment): void {
    const { firstSequence, lastSequence, firstNs } = segment.summary;
    const before = this.#segments.at(-1)?.summary;
    if (before && firstSequence > before.lastSequence + 1 && !this.losses.at(firstSequence - 1)) {
      this.losses.add({
        fromSequence: before.lastSequence + 1,
        toSequence: firstSequence - 1,
        packets: 0,
        fromNs: before.lastNs,
        toNs: firstNs,
        cause: 'spool-damaged',
      });
    }
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    this.#nextSequence = lastSequence + 1;
  }

  /** After recovery: what is before the oldest batch, and not an owed loss, was committed before the crash. */
  #settleNumbers(): void {
    for (const loss of this.losses.all) {
      this.#nextSequence = Math.max(this.#nextSequence, loss.toSequence + 1);
    }
    const oldest = this.#segments[0]?.summary.firstSequence ?? this.#nextSequence;
    this.#committed = Math.min(oldest, ...this.losses.owed.map((loss) => loss.fromSequence)) - 1;
  }

  #find(segment: Segment, wanted: number): Uint8Array | null {
    const resumes = this.#cursor.segment === segment && this.#cursor.sequence < wanted;
    let offset = resumes ? this.#cursor.offset : 0;
    for (;;) {
      const record = segment.read(offset);
      if (record === null || record.sequence > wanted) return null;
      offset = record.end;
      if (record.sequence < wanted) continue;
      this.#cursor = { segment, sequence: wanted, offset };
      return record.payload;
    }
  }

  /** False when the disk does not take it. */
  #tryWrite(record: RecordInfo, payload: Payload): boolean {
    try {
      this.#write(record, payload);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * On a full disk the newest segment is dropped, too, once all of it is committed; false when it is not. If the
   * machine then crashes before the next batch the numbering is lost with it, and the coordinator's number
   * counts.
   */
  #reclaim(): boolean {
    const newest = this.#segments.at(-1)?.summary;
    if (newest === undefined || newest.lastSequence > this.#committed) return false;
    this.#deleteOldest();
    return true;
  }

  #write(record: RecordInfo, payload: Payload): void {
    const newest = this.#segments.at(-1);
    const most = Math.min(MAX_SEGMENT_BYTES, this.#options.limitBytes / SEGMENTS_IN_LIMIT);
    const continues = newest?.summary.lastSequence === record.sequence - 1;
    if (newest && continues && newest.bytes + payloadLength(payload) <= most) {
      this.#bytes += newest.append(record, payload);
      return;
    }
    const segment = Segment.create(this.directory, record, payload);
    // In the background: a failure shows again, and is then declared, when the segment is read.
    newest?.sync().catch(() => undefined);
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
  }

  #enforceLimit(): void {
    while (this.#bytes > this.#options.limitBytes && this.#segments.length > 1) {
      const [oldest] = this.#segments;
      // What is committed is not lost, and only one segment can be committed in part.
      const lost =
        oldest.summary.lastSequence > this.#committed ? oldest.summaryAfter(this.#committed) : null;
      this.#deleteOldest();
      if (lost !== null) this.losses.add(lossOf(lost));
    }
  }

  #deleteOldest(): void {
    const oldest = this.#segments.shift();
    if (!oldest) return;
    this.#bytes -= oldest.bytes;
    oldest.delete();
  }

  /** Declares a batch, and what follows it in its segment, unreadable. */
  #declareDamage(sequence: number, segment: Segment | undefined): Loss {
    const last = segment?.summary.lastSequence ?? sequence;
    const { firstNs: fromNs, lastNs: toNs } = segment?.summary ?? { firstNs: 0n, lastNs: 0n };
    const loss: Loss = {
      fromSequence: sequence,
      toSequence: Math.max(sequence, last),
      packets: 0,
      fromNs,
      toNs,
      cause: 'spool-damaged',
    };
    this.losses.add(loss);
    return loss;
  }
}

function lossOf({ firstSequence, lastSequence, packets, firstNs, lastNs }: SegmentSummary): Loss {
  return {
    fromSequence: firstSequence,
    toSequence: lastSequence,
    packets,
    fromNs: firstNs,
    toNs: lastNs,
    cause: 'spool-full',
  };
}
