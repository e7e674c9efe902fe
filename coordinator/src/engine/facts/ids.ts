import { Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { isSyn, type Packet } from './packet.js';

/** Segments numbered one after the other from which on a sender's IP ids are called a counter. */
const LEAST_STEPS = 4;

/** A tap that missed a RST may have missed this many packets before it, too. */
const MISSED = 16;

/** Bytes that one tap may be ahead of the other, windows in use staying far below (RFC 7323 allows 2^30). */
const LARGEST_LEAD = 2 ** 26;

/** Hosts that count the packets of all connections together are ahead by what the others sent; hardly by this many. */
const FAR = 0x1000;

/**
 * Whether a RST bears the IP id that its alleged sender's connection would have come to next. Linux counts the packets of a
 * connection, an abort among them, and who forges one has to guess the number. False where nothing tells: the id is 0 (IPv6,
 * and RSTs that answer), the sender does not count, or the path rewrites ids.
 */
export function continuesIds(flow: FlowFacts, rst: Packet): boolean {
  const next = nextId(flow, rst);
  return next !== null && ((rst.ipId - next) & 0xffff) < MISSED;
}

/** Whether a RST bears an IP id that its alleged sender's counter was nowhere near. False where nothing tells. */
export function breaksIds(flow: FlowFacts, rst: Packet): boolean {
  // Another connection on the same tuple counts anew.
  const openings = flow.packets.filter((p) => isSyn(p) && p.toward === rst.toward);
  if (new Set(openings.map((p) => p.sequence)).size > 1) return false;
  // Nor is it the same connection where one tap's numbers run far ahead: it missed the SYN of another.
  const lead = flow.sent(rst.toward, Row.SEQ_END) - flow.received(rst.toward, Row.SEQ_END);
  if (Math.abs(lead) > LARGEST_LEAD) return false;
  // That the path keeps ids is only seen where packets were found at both ends.
  if (flow.path(rst.toward, Row.PAIRS) < LEAST_STEPS) return false;
  const next = nextId(flow, rst);
  return next !== null && Math.abs(((rst.ipId - next) << 16) >> 16) >= FAR;
}

/** The IP id that a sender which counts would have come to next; null where it does not, or the path changes ids. */
function nextId(flow: FlowFacts, { ipVersion, ipId, flags, toward }: Packet): number | null {
  if (ipVersion !== 4 || ipId === 0 || !(flags & Tcp.ack)) return null;
  if (flow.path(toward, Row.ID_KEPT) !== 1) return null;
  const steps = flow.sent(toward, Row.ID_STEPS);
  if (steps < LEAST_STEPS || flow.sent(toward, Row.ID_BREAKS) > steps / LEAST_STEPS) return null;
  return flow.sent(toward, Row.IP_ID) + flow.sent(toward, Row.LAST_SEGMENTS);
}
