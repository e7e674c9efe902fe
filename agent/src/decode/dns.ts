import type { Cursor } from './cursor.js';
import { writeWireName } from './name.js';

/** Byte offsets of a DNS header (RFC 1035 4.1.1). */
const FLAGS = 2;
const QUESTIONS = 4;
const RECORDS = 6;
const HEADER = 12;
/** Bits of the flags word: response, operation, the one that must be zero, response code. */
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const ZERO = 0x0040;
const RCODE = 0x000f;
/** The shortest resource record: root name, type, class, time to live, length. */
const SHORTEST_RECORD = 11;

/** DNS, multicast DNS (RFC 6762), link-local name resolution (RFC 4795). */
export function isDnsPort(port: number): boolean {
  return port === 53 || port === 5353 || port === 5355;
}

/** A DNS query or its answer (operation 0) from `at`: id, flags, and the first question where it was captured. */
export function decodeDns(c: Cursor, at: number): void {
  const { view, table, row } = c;
  if (c.end - at < HEADER || !isPlausible(c, at)) return;
  table.dnsId[row] = view.getUint16(at);
  table.dnsFlags[row] = view.getUint16(at + FLAGS);
  if (view.getUint16(at + QUESTIONS) === 0) return;
  const afterName = writeWireName(c, at + HEADER);
  if (afterName > 0 && c.end - afterName >= 2) table.dnsType[row] = view.getUint16(afterName);
}

/**
 * Other things than DNS use its ports too: tunnels, measurements, the middle of a long answer over TCP. A header of
 * theirs passes here once in some hundred thousand.
 */
function isPlausible({ view, wireEnd }: Cursor, at: number): boolean {
  const flags = view.getUint16(at + FLAGS);
  const questions = view.getUint16(at + QUESTIONS);
  if ((flags & (OPCODE | ZERO)) !== 0 || questions > 1) return false;
  // A query has a question, no code, and no answers.
  if ((flags & RESPONSE) === 0)
    return questions === 1 && (flags & RCODE) === 0 && view.getUint16(at + RECORDS) === 0;
  const records =
    view.getUint16(at + RECORDS) + view.getUint16(at + RECORDS + 2) + view.getUint16(at + RECORDS + 4);
  return records * SHORTEST_RECORD <= wireEnd - at - HEADER;
}

/** Over TCP a message has its length in front (RFC 1035 4.2.2); a segment that does not start one is not DNS. */
export function decodeDnsOverTcp(c: Cursor, at: number): void {
  const { view, table, row } = c;
  if (c.end - at < 2) return;
  const stated = view.getUint16(at);
  if (stated < HEADER) return;
  const payload = table.payloadLength[row] as number;
  // Some senders write the length in a segment of its own; several messages may share one.
  if (payload > 2 && stated + 2 <= payload) decodeDns(c, at + 2);
}
