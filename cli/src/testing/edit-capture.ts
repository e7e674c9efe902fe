/** Changes captures as `capture-files.ts` makes them: big-endian pcap with nanoseconds. */

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const LINK_TYPE_AT = 20;

export interface EditableRecord {
  seconds: number;
  nanoseconds: number;
  wireLength: number;
  packet: Uint8Array;
}

/** The same capture with other records. */
export function edited(
  file: Uint8Array,
  change: (records: EditableRecord[]) => readonly EditableRecord[],
): Uint8Array {
  const parts = [file.subarray(0, FILE_HEADER)];
  for (const { seconds, nanoseconds, wireLength, packet } of change(recordsOf(file))) {
    const header = new DataView(new ArrayBuffer(RECORD_HEADER));
    [seconds, nanoseconds, packet.length, wireLength].forEach((value, i) => {
      header.setUint32(i * 4, value);
    });
    parts.push(new Uint8Array(header.buffer), packet);
  }
  return Buffer.concat(parts);
}

/** The same capture claiming another link type. */
export function withLinkType(file: Uint8Array, linkType: number): Uint8Array {
  const copy = Uint8Array.from(file);
  new DataView(copy.buffer).setUint32(LINK_TYPE_AT, linkType);
  return copy;
}

function recordsOf(file: Uint8Array): EditableRecord[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: EditableRecord[] = [];
  for (let at = FILE_HEADER; at < file.length; ) {
    const [seconds, nanoseconds, captured, wireLength] = [0, 4, 8, 12].map((i) => view.getUint32(at + i)) as [
      number,
      number,
      number,
      number,
    ];
    at += RECORD_HEADER;
    records.push({ seconds, nanoseconds, wireLength, packet: file.slice(at, at + captured) });
    at += captured;
  }
  return records;
}
