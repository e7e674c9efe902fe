import {
  type Attribute,
  type End,
  formatInstant,
  type Grade,
  type PacketRef,
  type VerdictCode,
} from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../facts/flow-facts.js';
import { flagLetters, type Packet, type Sighting, type Toward } from '../facts/packet.js';
import { absolute } from '../taps.js';
import { carriesClaim } from './words.js';

/** One piece of evidence, with the packets that show it. */
export interface Exhibit {
  kind: string;
  text: string;
  packets: Packet[];
}

/**
 * The sentence of a conclusion. A text stands for `likely` and better, and is marked as no more than possible below
 * (see `sentenceOf`); a function words it itself for the grade that the conclusion ends up with.
 */
export type Statement = string | ((grade: Grade) => string);

/** A conclusion of one rule, before arbitration and before it has an id. */
export interface Draft {
  code: VerdictCode;
  grade: Grade;
  flow: FlowFacts | null;
  direction: Toward | 'both' | null;
  sender: 'client' | 'server' | 'path' | null;
  cause: string | null;
  blame: 'client-host' | 'server-host' | 'path' | 'unknown';
  at: Sighting | null;
  statement: Statement;
  attributes: Record<string, Attribute>;
  evidence: Exhibit[];
  counter: Exhibit[];
  assumptions: { text: string; checked: boolean }[];
  missing: string[];
  /** Overrides the general advice of the code. */
  remedy: string | null;
  /** The draft that brought this one about; arbitration turns it into `consequenceOf`. */
  consequenceOf: Draft | null;
  /** Further flows of which the same was found, and that are not told one by one. */
  standsFor: number;
}

/** What makes two faults the same, whichever flows they are about. */
export type FaultKind = Pick<Draft, 'code' | 'grade' | 'direction' | 'sender' | 'cause' | 'blame'>;

/** The sentence as its grade allows: what is only possible never reads like a fact. */
export function sentenceOf({ statement, grade }: Pick<Draft, 'statement' | 'grade'>): string {
  if (typeof statement === 'function') return statement(grade);
  return carriesClaim(grade) ? statement : `Possibly: ${statement}`;
}

/** A rule looks at one flow; most flows give nothing. */
export type FlowRule = (flow: FlowFacts) => Draft[];

/** A rule over the whole capture. */
export type CaptureRule = (capture: CaptureFacts, flows: readonly FlowFacts[]) => Draft[];

/** What a rule gives; an exhibit may be there on a condition: `early && exhibit(…)`. */
type Given = Pick<Draft, 'code' | 'grade' | 'flow' | 'statement'> &
  Partial<Omit<Draft, 'evidence' | 'counter'>> & {
    evidence?: readonly (Exhibit | false | null | undefined)[];
    counter?: readonly (Exhibit | false | null | undefined)[];
  };

/** A draft with everything that most rules leave empty. */
export function draft({ evidence = [], counter = [], ...given }: Given): Draft {
  return {
    direction: null,
    sender: null,
    cause: null,
    blame: 'unknown',
    at: null,
    attributes: {},
    evidence: evidence.filter((e) => !!e),
    counter: counter.filter((e) => !!e),
    assumptions: [],
    missing: [],
    remedy: null,
    consequenceOf: null,
    standsFor: 0,
    ...given,
  };
}

/** An exhibit; packets that are not there are left out. */
export function exhibit(kind: string, text: string, ...packets: (Packet | undefined | null)[]): Exhibit {
  return { kind, text, packets: packets.filter((p) => p !== undefined && p !== null) };
}

/** The end that sends in a direction, and the one that receives. */
export const senderOf = (toward: Toward): End => (toward === 'toward-server' ? 'client' : 'server');
export const receiverOf = (toward: Toward): End => (toward === 'toward-server' ? 'server' : 'client');
export const hostOf = (end: End) => (end === 'client' ? 'client-host' : 'server-host');

/** A packet as tcpdump would print it in one line. */
export function describePacket(flow: FlowFacts, p: Packet): string {
  const from = p.toward === 'toward-server' ? flow.client : flow.server;
  const to = p.toward === 'toward-server' ? flow.server : flow.client;
  const ends = `${from.address}.${from.port} > ${to.address}.${to.port}`;
  if (p.icmp) return `ICMP type ${p.icmp.type} code ${p.icmp.code} from ${p.icmp.from} about ${ends}`;
  if (flow.protocol === 'udp') return `${ends}: UDP, length ${p.length}`;
  const range = p.length > 0 ? `${p.relative}:${p.relative + p.length}` : `${p.relative}`;
  const ack = p.flags & 0x10 ? `, ack ${p.acknowledgment}` : '';
  return `${ends}: Flags [${flagLetters(p.flags)}], seq ${range}${ack}, win ${p.window}, length ${p.length}, ttl ${p.ttl}, id ${p.ipId}`;
}

/** References of a packet at each tap that saw it. */
export function packetRefs(flow: FlowFacts, p: Packet): PacketRef[] {
  const refs: PacketRef[] = [];
  for (const sighting of [p.sent, p.received]) {
    if (!sighting) continue;
    const tap = flow.capture.taps[sighting.tap];
    const at = formatInstant(absolute(tap, sighting.time));
    refs.push({ tap: tap.description.name, number: sighting.number, at, text: describePacket(flow, p) });
  }
  return refs;
}

/** Words for a tap's vouching, to stand as an assumption of a finding. */
export function assume(level: string, why: string): { text: string; checked: boolean } {
  return { text: why, checked: level === 'complete' };
}
