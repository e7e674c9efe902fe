import { Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { type Next, STOP } from './next.js';
import { writePayload } from './payload.js';
import { decodeQuote } from './quote.js';

/** Byte offsets of an ICMP or ICMPv6 header (RFC 792, RFC 4443); errors quote the offending packet after it. */
const CODE = 1;
const IDENTIFIER = 4;
const NEXT_HOP_MTU = 6;
const SEQUENCE = 6;
const MTU_V6 = 4;
const HEADER = 8;

const V4 = {
  echoReply: 0,
  unreachable: 3,
  fragmentationNeeded: 4,
  sourceQuench: 4,
  redirect: 5,
  echo: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

/** ICMPv6 errors are types 1 to 4; above come informational messages. */
const V6 = { unreachable: 1, packetTooBig: 2, parameterProblem: 4, echo: 128, echoReply: 129 } as const;

/** ICMP over IPv4; errors with what they quote. */
export function decodeIcmp(c: Cursor): Next {
  if (c.end - c.at < HEADER) return c.tooShort();
  const type = c.view.getUint8(c.at);
  writeHeader(c, type, type === V4.echo || type === V4.echoReply);
  const { view, table, row, at } = c;
  if (type === V4.unreachable && view.getUint8(at + CODE) === V4.fragmentationNeeded) {
    table.icmpMtu[row] = view.getUint16(at + NEXT_HOP_MTU);
  }
  if (isErrorV4(type)) decodeQuote(c, at + HEADER);
  return STOP;
}

/** ICMP over IPv6; errors with what they quote. */
export function decodeIcmpv6(c: Cursor): Next {
  if (c.end - c.at < HEADER) return c.tooShort();
  const type = c.view.getUint8(c.at);
  writeHeader(c, type, type === V6.echo || type === V6.echoReply);
  if (type === V6.packetTooBig) c.table.icmpMtu[c.row] = c.view.getUint32(c.at + MTU_V6);
  if (type >= V6.unreachable && type <= V6.parameterProblem) decodeQuote(c, c.at + HEADER);
  return STOP;
}

/** Echo messages put their identifier where ports go, both, so that request and reply share a flow. */
function writeHeader(c: Cursor, type: number, echo: boolean): void {
  const { view, table, row, at } = c;
  const identifier = echo ? view.getUint16(at + IDENTIFIER) : 0;
  table.icmpType[row] = type;
  table.icmpCode[row] = view.getUint8(at + CODE);
  table.sourcePort[row] = identifier;
  table.destinationPort[row] = identifier;
  table.sequence[row] = echo ? view.getUint16(at + SEQUENCE) : 0;
  c.layer = Layer.transport;
  writePayload(c, at + HEADER, c.wireEnd - at - HEADER);
}

function isErrorV4(type: number): boolean {
  switch (type) {
    case V4.unreachable:
    case V4.sourceQuench:
    case V4.redirect:
    case V4.timeExceeded:
    case V4.parameterProblem:
      return true;
    default:
      return false;
  }
}
