import { checksum } from '@bothends/proto/evidence/checksum';

/** What the spool knows of one batch without decoding it. */
export interface RecordInfo {
  /** Sequence number of the batch at its tap, from 1. */
  readonly sequence: number;
  /** Packets in the batch. */
  readonly packets: number;
  /** Epoch ns of the earliest and the latest packet. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** A record as it lies in a segment; `payload` is a view, valid while the segment's bytes are. */
export interface SpoolRecord extends RecordInfo {
  readonly payload: Uint8Array;
  /** Offset of the next record. */
  readonly end: number;
}

/** Field offsets of a record's header, big-endian. */
const MAGIC = 0;
const LENGTH = 4;
const SEQUENCE = 8;
const FIRST_NS = 16;
const LAST_NS = 24;
const PACKETS = 32;
const CRC = 36;
export const HEADER_BYTES = 40;

/** "BES1": a spool of another layout is not misread. */
const MAGIC_VALUE = 0x42455331;

/** No batch comes near it; a damaged length must not make the reader allocate. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** What a record holds, in pieces that lie one after the other in it: as they are, so that nothing large is copied. */
export type Payload = readonly Uint8Array[];

export function payloadLength(payload: Payload): number {
  return payload.reduce((sum, piece) => sum + piece.length, 0);
}

/** The header that goes before `payload`; its CRC covers both. */
export function encodeHeader(info: RecordInfo, payload: Payload): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MAGIC_VALUE, MAGIC);
  header.writeUInt32BE(payloadLength(payload), LENGTH);
  header.writeBigUInt64BE(BigInt(info.sequence), SEQUENCE);
  header.writeBigUInt64BE(info.firstNs, FIRST_NS);
  header.writeBigUInt64BE(info.lastNs, LAST_NS);
  header.writeUInt32BE(info.packets, PACKETS);
  let sum = checksum(header.subarray(0, CRC));
  for (const piece of payload) sum = checksum(piece, sum);
  header.writeUInt32BE(sum, CRC);
  return header;
}

/** The record at `offset`, or null where there is no whole and undamaged one. */
export function decodeRecord(bytes: Buffer, offset: number): SpoolRecord | null {
  if (offset + HEADER_BYTES > bytes.length) return null;
  const header = bytes.subarray(offset, offset + HEADER_BYTES);
  const length = header.readUInt32BE(LENGTH);
  const end = offset + HEADER_BYTES + length;
  if (header.readUInt32BE(MAGIC) !== MAGIC_VALUE || length > MAX_PAYLOAD_BYTES || end > bytes.length)
    return null;
  const payload = bytes.subarray(offset + HEADER_BYTES, end);
  if (checksum(payload, checksum(header.subarray(0, CRC))) !== header.readUInt32BE(CRC)) return null;
  return {
    sequence: Number(header.readBigUInt64BE(SEQUENCE)),
    packets: header.readUInt32BE(PACKETS),
    firstNs: header.readBigUInt64BE(FIRST_NS),
    lastNs: header.readBigUInt64BE(LAST_NS),
    payload,
    end,
  };
}

/** Bytes of the record whose header starts `header`, or 0 when that is no header. */
export function recordLength(header: Buffer): number {
  if (header.length < HEADER_BYTES || header.readUInt32BE(MAGIC) !== MAGIC_VALUE) return 0;
  const length = header.readUInt32BE(LENGTH);
  return length > MAX_PAYLOAD_BYTES ? 0 : HEADER_BYTES + length;
}
