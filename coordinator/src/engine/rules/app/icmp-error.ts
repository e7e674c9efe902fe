import { type FlowFacts, opposite } from '../../facts/flow-facts.js';
import type { IcmpError, Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakest } from '../../grade.js';
import { type Draft, draft, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';
import { icmpMeaning, icmpName } from './icmp-names.js';

/** Hosts start at 32 or more; a packet that leaves with less is looking for the router that drops it (traceroute). */
const LEAST_INITIAL_TTL = 32;

type ErrorPacket = Packet & { icmp: IcmpError };

/** `icmp-error`: who says that it did not deliver a packet of this flow; one finding per sender, type and code. */
export function icmpErrors(flow: FlowFacts): Draft[] {
  const groups = new Map<string, ErrorPacket[]>();
  for (const p of flow.packets) {
    if (!isError(p) || isOrdinary(flow, p)) continue;
    const key = `${p.toward} ${p.icmp.from} ${p.icmp.type} ${p.icmp.code}`;
    groups.set(key, [...(groups.get(key) ?? []), p]);
  }
  return [...groups.values()].map((errors) =>
    errors.every((error) => isBelied(flow, error)) ? belied(flow, errors) : about(flow, errors),
  );
}

function isError(p: Packet): p is ErrorPacket {
  return p.icmp !== null;
}

/** Redirects and the like, traceroute's own errors, and path MTU discovery that did its work. */
function isOrdinary(flow: FlowFacts, p: ErrorPacket): boolean {
  const meaning = icmpMeaning(p.ipVersion, p.icmp.type, p.icmp.code);
  if (meaning === 'other') return true;
  const ttl = flow.sent(p.toward, Row.TTL);
  if (ttl >= 0 && ttl < LEAST_INITIAL_TTL) return true;
  return meaning === 'too-big' && !isIgnored(flow, p);
}

/**
 * The bytes of a segment that was too big were never acknowledged: its sender did not cut them smaller. Of a datagram, which
 * nobody cuts, that larger ones than the path takes went on to be sent, and lost.
 */
function isIgnored(flow: FlowFacts, error: ErrorPacket): boolean {
  const { toward } = error;
  const base = flow.sequenceBase(toward, flow.senderTap(toward));
  const baseAtReceiver = flow.sequenceBase(toward, flow.receiverTap(toward));
  const acknowledgment = flow.sent(opposite(toward), Row.LAST_ACK);
  if (flow.protocol === 'tcp' && base !== null && baseAtReceiver !== null && acknowledgment >= 0) {
    return (acknowledgment - baseAtReceiver) >>> 0 <= (error.icmp.sequence - base) >>> 0;
  }
  const told = error.sent?.time ?? Number.POSITIVE_INFINITY;
  return flow.packets.some((p) => {
    if (p.toward !== toward || p.icmp || p.fate !== 'lost' || !p.sent) return false;
    return p.sent.time > told && p.ipLength > error.icmp.mtu;
  });
}

/** It came from between the taps, and what it says was not delivered arrived. */
function isBelied(flow: FlowFacts, error: ErrorPacket): boolean {
  if (error.received || errorSender(flow, error) !== 'path') return false;
  const quoted = flow.packets.filter((p) => isQuoted(p, error) && p.sent);
  if (quoted.length > 0) return quoted.every((p) => p.received);
  // Of segments that arrived few are kept: where none is missing, that one is not.
  const base = flow.sequenceBase(error.toward, flow.senderTap(error.toward));
  if (flow.protocol !== 'tcp' || base === null || flow.sent(error.toward, Row.WAITING) > 0) return false;
  return (error.icmp.sequence - base) >>> 0 < flow.sent(error.toward, Row.SEQ_END);
}

function belied(flow: FlowFacts, errors: readonly ErrorPacket[]): Draft {
  const [first] = errors as [ErrorPacket];
  const { type, code, from } = first.icmp;
  const name = icmpName(first.ipVersion, type, code);
  const [sender, receiver] = [senderOf(first.toward), receiverOf(first.toward)];
  const many = errors.length > 1 ? `${errors.length} times ` : '';
  return draft({
    code: 'icmp-error',
    grade: 'inconclusive',
    flow,
    direction: first.toward,
    sender: 'path',
    at: first.sent,
    statement: () =>
      `${from} told the ${sender} ${many}that it did not deliver a packet (${name}), and what it quotes reached the ${receiver} all the same: such an error is about a copy, or forged.`,
    attributes: { from, type, code, name, mtu: null, count: errors.length },
    evidence: [exhibit('icmp', `${name} from ${from}`, ...errors)],
  });
}

function about(flow: FlowFacts, errors: readonly ErrorPacket[]): Draft {
  const first = errors[0] as ErrorPacket;
  const { type, code, mtu, from } = first.icmp;
  const toward = first.toward;
  const origin = errorSender(flow, first);
  const quoted = flow.packets.find((p) => isQuoted(p, first));
  const left = origin === 'path' ? null : first.received;
  const got = first.sent ? 'reached' : 'was sent to';
  const name = icmpName(first.ipVersion, type, code);
  const lines = 1 + (quoted ? 1 : 0);
  const graded = gradeCase({
    lines,
    conclusive: left !== null,
    absence: null,
    headersOnly: false,
    counter: 0,
  });
  return draft({
    code: 'icmp-error',
    // In the name of a host that was not seen to send it, a device on the path may speak.
    grade: origin !== 'path' && left === null ? weakest(graded, 'likely') : graded,
    flow,
    direction: toward,
    sender: origin,
    blame: origin === 'path' ? 'path' : hostOf(origin),
    at: first.sent ?? first.received,
    statement:
      `${whoText(origin, from)} did not deliver packets from the ${senderOf(toward)} to the ${receiverOf(toward)}: ` +
      `${name} (ICMP${first.ipVersion === 6 ? 'v6' : ''} ${type}/${code})${mtu > 0 ? `, next-hop MTU ${mtu}` : ''}` +
      `; ${errors.length === 1 ? `one such error ${got}` : `${errors.length} such errors ${got}`} the ${senderOf(toward)}.`,
    attributes: { from, type, code, name, mtu: mtu > 0 ? mtu : null, count: errors.length },
    evidence: [
      exhibit('icmp', `${name} from ${from}`, ...errors),
      quoted && exhibit('quoted', 'it quotes this packet, which was really sent', quoted),
      left && exhibit('seen-leaving', `the ${origin}'s own capture shows it leaving`, first),
    ],
    assumptions: quoted || left ? [] : [{ text: 'it quotes a packet that was really sent', checked: false }],
  });
}

/** The end whose address the error came from, as either tap knows it; `path` for a router. */
export function errorSender(flow: FlowFacts, error: Packet): 'client' | 'server' | 'path' {
  const from = error.icmp?.from;
  const is = (end: 'client' | 'server') =>
    flow[end].address === from || flow.serverView?.[end].address === from;
  // An address translator answers with its own address, which one tap takes for the other end's.
  const end = receiverOf(error.toward);
  if (is(end)) return end;
  return 'path';
}

function whoText(origin: 'client' | 'server' | 'path', from: string): string {
  return origin === 'path' ? `The router ${from}` : `The ${origin}'s host itself (${from})`;
}

/** Whether an ICMP error quotes this packet. */
export function isQuoted(p: Packet, error: Packet): boolean {
  if (!error.icmp || p.icmp || p.toward !== error.toward) return false;
  if (p.flags !== 0 && p.sequence !== error.icmp.sequence) return false;
  // IPv6 has no id, and only TCP has numbers that tell one packet from the next.
  return p.ipVersion === 4 ? p.ipId === error.icmp.ipId : p.flags !== 0;
}
