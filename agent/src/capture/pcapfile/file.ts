import { BothendsError, PacketTable } from '@bothends/proto';
import type { CaptureFacts, PacketRun, RecordParser } from '../format/parser.js';
import { PcapParser } from '../format/pcap.js';
import { PcapngParser } from '../format/pcapng.js';
import { SNIFF_BYTES, sniff } from '../format/sniff.js';
import { Window } from '../format/window.js';
import { type ByteSource, PlainBytes } from './bytes.js';
import { GzipBytes } from './gzip.js';

/** Read at once: large enough that system calls do not count, small enough to stay in the cache. */
const READ_BYTES = 512 * 1024;
/** A table without room: parsing into it reads the headers and stops at the first packet. */
const NO_ROOM = new PacketTable(0);

export interface CaptureFileOptions {
  /** As in DecoderOptions: 16 bytes, by default the published key for files; null for digests that stay on this machine. */
  readonly digestKey?: Uint8Array | null;
}

/** What is known about a capture file; complete once everything was read. */
export interface CaptureFileInfo extends CaptureFacts {
  readonly path: string;
  readonly format: 'pcap' | 'pcapng';
  readonly compressed: boolean;
  /** Distinct link types, by number. */
  readonly linkTypes: readonly number[];
  /** Largest snaplen of its interfaces in bytes; 0 when unlimited or not stated. */
  readonly snaplen: number;
  /** Why reading stopped before the end, null when it did not; the packets before are good. */
  readonly truncated: string | null;
}

/** A capture file being read; memory does not depend on its size. */
export interface CaptureFile {
  readonly info: CaptureFileInfo;
  /** Progress, in bytes of the file on disk; the total is 0 for a pipe. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /**
   * Replaces the rows of `table` by the next ones, up to its capacity; false when there were none left. `baseNs` is
   * the time of the file's first packet in every table. Throws `unsupported` for a link type that is not read.
   */
  next(table: PacketTable): boolean;
  /** What comes next and where, for who reads ahead (`ahead.ts`); null where that has to be read by `next`. */
  readonly run: FileRun | null;
  /** Appends the packet of a record of the run, which is bytes[at, end) and was read elsewhere. */
  decode(bytes: Uint8Array, at: number, end: number, table: PacketTable): void;
  /** Lets `next` go on at a byte offset of the file. So many more packets of the run were decoded elsewhere, the last with a time. */
  resume(offset: number, packets: number, lastTimeNs: number): void;
  close(): void;
}

/** A run of packets in an open file. */
export interface FileRun extends PacketRun {
  /** Its descriptor, and where in it the next record begins. */
  readonly file: number;
  readonly offset: number;
}

/**
 * Opens a pcap or pcapng file, gzip-compressed or not. Throws BothendsError: `not-found`, `permission-denied`,
 * `invalid-argument` for an empty or foreign file, `unsupported` for a link type that is not read.
 */
export function openCaptureFile(path: string, options: CaptureFileOptions = {}): CaptureFile {
  const plain = new FileReader(path, new PlainBytes(path), false);
  const head = plain.peek();
  if (sniff(head).kind !== 'gzip') return plain.start(options);
  plain.close();
  return new FileReader(path, new GzipBytes(path), true).start(options);
}

class FileReader implements CaptureFile {
  readonly #path: string;
  readonly #source: ByteSource;
  readonly #compressed: boolean;
  readonly #window = new Window(READ_BYTES);
  #parser: RecordParser | null = null;
  #format: 'pcap' | 'pcapng' = 'pcap';
  #truncated: string | null = null;
  #done = false;

  constructor(path: string, source: ByteSource, compressed: boolean) {
    this.#path = path;
    this.#source = source;
    this.#compressed = compressed;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get bytesTotal(): number {
    return this.#source.bytesTotal;
  }

  get info(): CaptureFileInfo {
    const facts = this.#requireParser().facts;
    return {
      ...facts,
      path: this.#path,
      format: this.#format,
      compressed: this.#compressed,
      linkTypes: [...new Set(facts.interfaces.map((i) => i.linkType))],
      snaplen: facts.interfaces.reduce((largest, i) => Math.max(largest, i.snaplen), 0),
      truncated: this.#truncated,
    };
  }

  /** The first bytes, as many as it takes to tell the format. */
  peek(): Uint8Array {
    try {
      while (this.#window.length < SNIFF_BYTES && this.#fill());
    } catch (thrown) {
      this.close();
      throw this.#located(thrown);
    }
    return this.#window.unconsumed;
  }

  /** Tells the format and reads the headers. */
  start(options: CaptureFileOptions): CaptureFile {
    try {
      this.#format = this.#formatOf(this.peek());
      this.#parser =
        this.#format === 'pcap' ? new PcapParser(options.digestKey) : new PcapngParser(options.digestKey);
      this.#readHeaders(this.#parser);
      return this;
    } catch (thrown) {
      this.close();
      throw this.#located(thrown);
    }
  }

  /** Up to the first interface; a pcapng file may end before it describes any, a pcap file may not. */
  #readHeaders(parser: RecordParser): void {
    this.#parse(NO_ROOM);
    while (parser.facts.interfaces.length === 0 && !this.#done && this.#fill()) this.#parse(NO_ROOM);
    if (this.#format === 'pcap' && parser.facts.interfaces.length === 0) {
      throw foreign(`it ends within its file header, after ${this.#window.length} bytes`);
    }
  }

  next(table: PacketTable): boolean {
    table.length = 0;
    try {
      while (!this.#done) {
        this.#parse(table);
        if (table.length === table.capacity || this.#done) break;
        if (!this.#fill()) this.#finish();
      }
    } catch (thrown) {
      // Damage in the compressed data ends the reading; what was inflated before it is good.
      const error = this.#located(thrown);
      if (error.code !== 'data-loss') throw error;
      this.#truncated = error.message;
      this.#done = true;
    }
    return table.length > 0;
  }

  get run(): FileRun | null {
    const source = this.#source;
    const run = this.#requireParser().run;
    if (run === null || this.#done || !(source instanceof PlainBytes) || source.file === null) return null;
    return { ...run, file: source.file, offset: source.bytesRead - this.#window.length };
  }

  decode(bytes: Uint8Array, at: number, end: number, table: PacketTable): void {
    this.#requireParser().parse(bytes, at, end, table);
  }

  resume(offset: number, packets: number, lastTimeNs: number): void {
    this.#requireParser().passed(packets, lastTimeNs);
    this.#window.clear();
    if (this.#source instanceof PlainBytes) this.#source.seek(offset);
  }

  close(): void {
    this.#done = true;
    this.#source.close();
  }

  #parse(table: PacketTable): void {
    const parser = this.#requireParser();
    this.#window.parse(parser, table);
    if (parser.failure === null) return;
    this.#truncated = `${this.#path}: ${parser.failure}; the packets before it were kept`;
    this.#done = true;
  }

  #finish(): void {
    this.#done = true;
    const left = this.#window.length;
    if (left > 0) this.#truncated = `${this.#path} ends in the middle of a packet (${left} bytes left over)`;
  }

  /** Reads on; false at the end of the file. */
  #fill(): boolean {
    const read = this.#window.fill((into, offset, room) =>
      this.#source.read(into, offset, Math.min(READ_BYTES, room)),
    );
    return read > 0;
  }

  #formatOf(head: Uint8Array): 'pcap' | 'pcapng' {
    const found = sniff(head);
    if (found.kind === 'pcap' || found.kind === 'pcapng') return found.kind;
    const inside = this.#compressed ? 'what is compressed in it ' : '';
    if (found.kind === 'foreign') throw foreign(`${inside}looks like ${found.looksLike}`);
    if (found.kind === 'gzip') throw foreign('it is compressed twice: run "gzip -d" on it first');
    if (head.length > 0) throw foreign(`it has only ${head.length} bytes, less than a file header`);
    throw new BothendsError(
      'invalid-argument',
      `${inside}is empty; it holds no packets, not even a file header`,
    );
  }

  #requireParser(): RecordParser {
    if (this.#parser === null) throw new BothendsError('internal', 'the capture file was not started');
    return this.#parser;
  }

  /** The same error with the file's name in front. */
  #located(thrown: unknown): BothendsError {
    if (!(thrown instanceof BothendsError)) throw thrown;
    if (thrown.message.startsWith(`${this.#path}: `)) return thrown;
    return new BothendsError(thrown.code, `${this.#path}: ${thrown.message}`, { cause: thrown });
  }
}

function foreign(what: string): BothendsError {
  return new BothendsError('invalid-argument', `not a capture file (pcap or pcapng): ${what}`);
}
