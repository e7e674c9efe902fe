/** Magic of pcap with nanosecond time stamps, and the format's version 2.4. */
const MAGIC_NS = 0xa1b23c4d;
const VERSION_MAJOR = 2;
const VERSION_MINOR = 4;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const NS_PER_S = 1_000_000_000n;

/** The file header of a nanosecond pcap, little-endian. `snaplen` in bytes. */
export function pcapFileHeader(linkType: number, snaplen: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC_NS, true);
  view.setUint16(4, VERSION_MAJOR, true);
  view.setUint16(6, VERSION_MINOR, true);
  view.setUint32(16, snaplen, true);
  view.setUint32(20, linkType, true);
  return header;
}

/** One record: header and captured bytes. `wireLength` in bytes, at least what was captured. */
export function pcapRecord(packet: Uint8Array, epochNs: bigint, wireLength = packet.length): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + packet.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, Number(epochNs / NS_PER_S), true);
  view.setUint32(4, Number(epochNs % NS_PER_S), true);
  view.setUint32(8, packet.length, true);
  view.setUint32(12, wireLength, true);
  record.set(packet, RECORD_HEADER);
  return record;
}
