import type { Cursor } from './cursor.js';
import { writeWireName } from './name.js';

/** Byte offsets of a DNS header (RFC 1035 4.1.1). */
const FLAGS = 2;
const QUESTIONS = 4;
const HEADER = 12;

/** DNS, multicast DNS (RFC 6762), link-local name resolution (RFC 4795). */
export function isDnsPort(port: number): boolean {
  return port === 53 || port === 5353 || port === 5355;
}

/** A DNS message from `at`: id, flags, and the first question where it was captured. */
export function decodeDns(c: Cursor, at: number): void {
  const { view, table, row } = c;
  if (c.end - at < HEADER) return;
  table.dnsId[row] = view.getUint16(at);
  table.dnsFlags[row] = view.getUint16(at + FLAGS);
  if (view.getUint16(at + QUESTIONS) === 0) return;
  const afterName = writeWireName(c, at + HEADER);
  if (afterName > 0 && c.end - afterName >= 2) table.dnsType[row] = view.getUint16(afterName);
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
