import { Mark, TcpOption } from '@bothends/proto';
import type { Cursor } from './cursor.js';

/** Option kinds (IANA TCP option kind numbers). */
const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;
const MD5 = 19;
const AUTHENTICATION = 29;
const MPTCP = 30;
const FAST_OPEN = 34;

/** NOP, NOP, timestamps of ten bytes: what nearly every segment of a connection carries, read at once. */
const ALIGNED_TIMESTAMPS = 0x0101080a;
const ALIGNED_TIMESTAMPS_BYTES = 12;
const TIMESTAMPS_ALONE = appendKind(0, TIMESTAMPS);

/** Smallest length of an option whose value is read, the kind and length bytes included. */
const MSS_BYTES = 4;
const WINDOW_SCALE_BYTES = 3;
const TIMESTAMPS_BYTES = 10;
const SACK_BLOCK = 8;
/** More do not fit the 40 bytes of options. */
const MAX_SACK_BLOCKS = 4;

/** TCP options from `at` to `headerEnd`, which the header claims and the snaplen may have cut. */
export function decodeTcpOptions(c: Cursor, at: number, headerEnd: number): void {
  const { view, table, row } = c;
  let end = headerEnd;
  if (end > c.end) {
    c.marks |= Mark.cut;
    end = c.end;
  }
  if (end - at === ALIGNED_TIMESTAMPS_BYTES && view.getUint32(at) === ALIGNED_TIMESTAMPS) {
    table.tcpOptions[row] = TcpOption.timestamps;
    table.tcpOptionOrder[row] = TIMESTAMPS_ALONE;
    table.timestampValue[row] = view.getUint32(at + 4);
    table.timestampEcho[row] = view.getUint32(at + 8);
    return;
  }
  walkOptions(c, at, end, end < headerEnd);
}

function walkOptions(c: Cursor, start: number, end: number, cut: boolean): void {
  const { view, table, row } = c;
  let at = start;
  let seen = 0;
  let order = 0;
  while (at < end) {
    const kind = view.getUint8(at);
    if (kind === END) break;
    if (kind === NOP) {
      at++;
      continue;
    }
    const length = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (length < 2 || at + length > end) {
      if (!cut || (length < 2 && at + 1 < end)) c.marks |= Mark.malformed;
      break;
    }
    seen |= readOption(c, kind, at, length);
    order = appendKind(order, kind);
    at += length;
  }
  table.tcpOptions[row] = seen;
  table.tcpOptionOrder[row] = order;
}

/** Reads one option of `length` bytes, all captured; its TcpOption bit. */
function readOption(c: Cursor, kind: number, at: number, length: number): number {
  const { view, table, row } = c;
  switch (kind) {
    case MSS:
      if (length >= MSS_BYTES) table.mss[row] = view.getUint16(at + 2);
      return TcpOption.mss;
    case WINDOW_SCALE:
      if (length >= WINDOW_SCALE_BYTES) table.wscale[row] = view.getUint8(at + 2);
      return TcpOption.windowScale;
    case SACK_PERMITTED:
      return TcpOption.sackPermitted;
    case SACK:
      readSack(c, at + 2, length - 2);
      return TcpOption.sack;
    case TIMESTAMPS:
      if (length >= TIMESTAMPS_BYTES) {
        table.timestampValue[row] = view.getUint32(at + 2);
        table.timestampEcho[row] = view.getUint32(at + 6);
      }
      return TcpOption.timestamps;
    case MD5:
      return TcpOption.md5;
    case AUTHENTICATION:
      return TcpOption.ao;
    case MPTCP:
      return TcpOption.mptcp;
    case FAST_OPEN:
      return TcpOption.fastOpen;
    default:
      return TcpOption.other;
  }
}

function readSack(c: Cursor, at: number, length: number): void {
  const { view, table, row } = c;
  const blocks = Math.min(MAX_SACK_BLOCKS, Math.floor(length / SACK_BLOCK));
  table.sackCount[row] = blocks;
  for (let edge = 0; edge < blocks * 2; edge++) table.sack[row * 8 + edge] = view.getUint32(at + edge * 4);
}

/** Extends the digest of the order of option kinds (an FNV-1 step per kind). */
function appendKind(order: number, kind: number): number {
  return (Math.imul(order ^ 0x811c9dc5, 0x01000193) ^ kind) >>> 0;
}
