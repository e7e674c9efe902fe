/** Capture files as values, read and written without the code under test: what tcpdump writes, little-endian. */

export interface CapturedPacket {
  /** Epoch ns. */
  readonly timeNs: bigint;
  readonly wireLength: number;
  readonly bytes: Uint8Array;
}

export interface Capture {
  readonly linkType: number;
  readonly packets: readonly CapturedPacket[];
}

export const LINK = { ethernet: 1, raw: 101, sll2: 276 } as const;

const MAGIC = { nanoseconds: 0xa1b23c4d, microseconds: 0xa1b2c3d4 } as const;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const NS_PER_S = 1_000_000_000n;
const SNAPLEN = 262_144;

/** Reads a little-endian pcap file with ns time stamps. Throws RangeError on anything else. */
export function readPcap(file: Uint8Array): Capture {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== MAGIC.nanoseconds) throw new RangeError('not a nanosecond pcap file');
  const packets: CapturedPacket[] = [];
  for (let at = FILE_HEADER; at < file.length; ) {
    const length = view.getUint32(at + 8, true);
    const timeNs = BigInt(view.getUint32(at, true)) * NS_PER_S + BigInt(view.getUint32(at + 4, true));
    const start = at + RECORD_HEADER;
    packets.push({
      timeNs,
      wireLength: view.getUint32(at + 12, true),
      bytes: file.subarray(start, start + length),
    });
    at = start + length;
  }
  return { linkType: view.getUint32(20, true), packets };
}

export function writePcap(
  { linkType, packets }: Capture,
  resolution: keyof typeof MAGIC = 'nanoseconds',
): Uint8Array {
  const header = new DataView(new ArrayBuffer(FILE_HEADER));
  header.setUint32(0, MAGIC[resolution], true);
  header.setUint16(4, 2, true);
  header.setUint16(6, 4, true);
  header.setUint32(16, SNAPLEN, true);
  header.setUint32(20, linkType, true);
  const records = packets.flatMap(({ timeNs, wireLength, bytes }) => {
    const record = new DataView(new ArrayBuffer(RECORD_HEADER));
    const fraction = Number(timeNs % NS_PER_S);
    record.setUint32(0, Number(timeNs / NS_PER_S), true);
    record.setUint32(4, resolution === 'nanoseconds' ? fraction : Math.floor(fraction / 1000), true);
    record.setUint32(8, bytes.length, true);
    record.setUint32(12, wireLength, true);
    return [new Uint8Array(record.buffer), bytes];
  });
  return Buffer.concat([new Uint8Array(header.buffer), ...records]);
}

/** Block types of pcapng, and the option that says that its time stamps count ns (10^-9). */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
const BYTE_ORDER = 0x1a2b3c4d;
const TSRESOL = { code: 9, nanoseconds: 9 } as const;

export function writePcapng({ linkType, packets }: Capture): Uint8Array {
  const section = words(BYTE_ORDER, 0x0000_0001, 0xffff_ffff, 0xffff_ffff);
  const options = words((1 << 16) | TSRESOL.code, TSRESOL.nanoseconds, 0);
  const description = Buffer.concat([words(linkType, SNAPLEN), options]);
  const blocks = packets.map(({ timeNs, wireLength, bytes }) => {
    const high = Number(timeNs >> 32n);
    const low = Number(timeNs & 0xffff_ffffn);
    const padding = new Uint8Array(-bytes.length & 3);
    return block(
      BLOCK.packet,
      Buffer.concat([words(0, high, low, bytes.length, wireLength), bytes, padding]),
    );
  });
  return Buffer.concat([block(BLOCK.section, section), block(BLOCK.interface, description), ...blocks]);
}

function block(type: number, body: Uint8Array): Uint8Array {
  const length = body.length + 12;
  return Buffer.concat([words(type, length), body, words(length)]);
}

function words(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, true);
  });
  return new Uint8Array(view.buffer);
}
