import { closeSync, openSync, writeSync } from 'node:fs';
import { type Segment, SNAPLEN, wireLength, writeSegment } from './segment.js';

/** 2026-01-02T10:00:00Z, s. */
const EPOCH_S = 1_767_348_000;

const MAGIC_NS = 0xa1b23c4d;
const LINKTYPE_ETHERNET = 1;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Written at once. */
const BLOCK_BYTES = 4 * 1024 * 1024;

export interface Sent extends Segment {
  /** ns since the beginning, when a tap sees it. */
  readonly at: number;
}

/** A pcap file with nanoseconds, written segment by segment. */
export class PcapFile {
  packets = 0;
  readonly #fd: number;
  readonly #view = new DataView(new ArrayBuffer(BLOCK_BYTES));
  #end = FILE_HEADER;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
    const view = this.#view;
    view.setUint32(0, MAGIC_NS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAPLEN, true);
    view.setUint32(20, LINKTYPE_ETHERNET, true);
  }

  add(segment: Sent): void {
    if (this.#end + RECORD_HEADER + SNAPLEN > BLOCK_BYTES) this.#flush();
    const at = this.#end;
    const captured = writeSegment(this.#view, at + RECORD_HEADER, segment);
    this.#view.setUint32(at, EPOCH_S + Math.floor(segment.at / 1e9), true);
    this.#view.setUint32(at + 4, segment.at % 1e9, true);
    this.#view.setUint32(at + 8, captured, true);
    this.#view.setUint32(at + 12, wireLength(segment), true);
    this.#end = at + RECORD_HEADER + captured;
    this.packets++;
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    writeSync(this.#fd, new Uint8Array(this.#view.buffer, 0, this.#end));
    this.#end = 0;
  }
}
