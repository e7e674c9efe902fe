import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { type Exhibit, exhibit } from '../draft.js';

/** The six bits of the TOS byte that are DSCP (RFC 2474). */
const DSCP = 0xfc;

/** Who on a host answered a packet with a RST: its TCP stack, or a REJECT rule of its firewall. */
export interface Answerer {
  who: 'stack' | 'rule';
  evidence: Exhibit;
}

/**
 * Linux's stack copies the DSCP of what it answers and sets an IPv6 flow label; its REJECT rules start from 0 in both.
 * Null where neither field tells, which over IPv4 is the rule.
 */
export function answererOf(flow: FlowFacts, rst: Packet, trigger: Packet): Answerer | null {
  return byDscp(flow, rst, trigger) ?? byLabel(flow, rst);
}

function byDscp(flow: FlowFacts, rst: Packet, trigger: Packet): Answerer | null {
  const wanted = trigger.tos & DSCP;
  // What a device re-marks on the way is not what the host answered.
  const kept = flow.sent(trigger.toward, Row.TOS) === flow.received(trigger.toward, Row.TOS);
  if (wanted === 0 || !kept) return null;
  if ((rst.tos & DSCP) === wanted) {
    const text =
      'its DSCP is that of the packet it answers, as the stack copies it and a REJECT rule does not';
    return { who: 'stack', evidence: exhibit('dscp', text, rst, trigger) };
  }
  if (rst.tos !== 0) return null;
  const text = `its DSCP is 0 although the TOS of what it answers is ${trigger.tos}: the stack would have copied it`;
  return { who: 'rule', evidence: exhibit('dscp', text, rst, trigger) };
}

function byLabel(flow: FlowFacts, rst: Packet): Answerer | null {
  if (rst.ipVersion !== 6) return null;
  if (rst.flowLabel !== 0) {
    const text = 'it carries an IPv6 flow label, as the stack sets it and a REJECT rule does not';
    return { who: 'stack', evidence: exhibit('flow-label', text, rst) };
  }
  if (flow.sent(rst.toward, Row.LABEL) <= 0) return null;
  const text =
    "its IPv6 flow label is 0, that of this host's other packets is not: the stack would have set one";
  return { who: 'rule', evidence: exhibit('flow-label', text, rst) };
}
