import { Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** Segments numbered one after the other from which on a sender's IP ids are called a counter. */
const LEAST_STEPS = 4;

/** A tap that missed a RST may have missed this many packets before it, too. */
const MISSED = 16;

/**
 * Whether a RST bears the IP id that its alleged sender's connection would have come to next. Linux counts the packets of a
 * connection, an abort among them, and who forges one has to guess the number. False where nothing tells: the id is 0 (IPv6,
 * and RSTs that answer), the sender does not count, or the path rewrites ids.
 */
export function continuesIds(flow: FlowFacts, rst: Packet): boolean {
  const { toward, ipId } = rst;
  if (rst.ipVersion !== 4 || ipId === 0 || !(rst.flags & Tcp.ack)) return false;
  if (flow.path(toward, Row.ID_KEPT) !== 1) return false;
  const steps = flow.sent(toward, Row.ID_STEPS);
  if (steps < LEAST_STEPS || flow.sent(toward, Row.ID_BREAKS) > steps / LEAST_STEPS) return false;
  const next = flow.sent(toward, Row.IP_ID) + flow.sent(toward, Row.LAST_SEGMENTS);
  return ((ipId - next) & 0xffff) < MISSED;
}
