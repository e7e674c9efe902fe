/** Writes pcap as tcpdump does with `--time-stamp-precision`: little-endian, microseconds or nanoseconds. */

const MAGIC = { nanoseconds: 0xa1b23c4d, microseconds: 0xa1b2c3d4 } as const;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const NS_PER_S = 1_000_000_000n;

export type Resolution = keyof typeof MAGIC;

export interface PcapRecord {
  /** Epoch ns. */
  readonly timeNs: bigint;
  readonly frame: Uint8Array;
}

export interface PcapFormat {
  readonly snaplen: number;
  readonly resolution: Resolution;
  /** Number of the tcpdump registry. */
  readonly linkType: number;
}

/** The bytes of a capture file; frames are cut to `snaplen`. Record order is kept as given. */
export function encodePcap(records: readonly PcapRecord[], format: PcapFormat): Uint8Array {
  const { snaplen, resolution, linkType } = format;
  const sizes = records.map((record) => Math.min(record.frame.length, snaplen));
  const total = sizes.reduce((sum, size) => sum + RECORD_HEADER + size, FILE_HEADER);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC[resolution], true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snaplen, true);
  view.setUint32(20, linkType, true);
  let at = FILE_HEADER;
  records.forEach((record, index) => {
    const fraction = Number(record.timeNs % NS_PER_S);
    view.setUint32(at, Number(record.timeNs / NS_PER_S), true);
    view.setUint32(at + 4, resolution === 'nanoseconds' ? fraction : Math.floor(fraction / 1000), true);
    view.setUint32(at + 8, sizes[index], true);
    view.setUint32(at + 12, record.frame.length, true);
    out.set(record.frame.subarray(0, sizes[index]), at + RECORD_HEADER);
    at += RECORD_HEADER + sizes[index];
  });
  return out;
}
