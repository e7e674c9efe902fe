import { GRADES, NOTE_CODES, type VerdictCode } from '@bothends/proto';
import type { FlowFacts } from '../facts/flow-facts.js';
import type { Draft } from '../rules/draft.js';

/**
 * Weight of a fault in the headline: what ended or prevented a connection stands before what slowed it down.
 * Lower comes first; codes not named here follow in the middle.
 */
const WEIGHT: Partial<Record<VerdictCode, number>> = {
  'rst-forged': 0,
  'pmtu-black-hole': 1,
  'tls-hello-reset': 1,
  'syn-ack-forged': 2,
  'syn-lost': 2,
  'syn-ack-lost': 2,
  'syn-unanswered': 2,
  'handshake-ack-lost': 2,
  'accept-stalled': 2,
  'syn-forged': 2,
  'no-attempt': 2,
  'rst-lost': 2,
  'rst-genuine': 3,
  'peer-silent': 3,
  'idle-timeout': 4,
  'tls-alert': 3,
  'dns-unanswered': 3,
  'icmp-error': 1,
  'loss-in-sender': 7,
  'ack-loss': 8,
  'rst-ignored': 8,
  reordering: 9,
  duplication: 9,
  'slow-server': 9,
  'slow-path': 9,
};

/** Weight of faults that WEIGHT does not name. */
const DEFAULT_WEIGHT = 5;

/** Weight of a handshake that failed at first: it slowed its connection down. */
const OPENED_LATE_WEIGHT = 8;

/** What one finding explains, so that the other need not be told: [explains, explained]. Same flow and direction. */
const EXPLAINS: readonly (readonly [VerdictCode, VerdictCode])[] = [
  ['pmtu-black-hole', 'data-loss'],
  ['peer-silent', 'syn-unanswered'],
  ['idle-timeout', 'data-loss'],
  ['handshake-ack-lost', 'ack-loss'],
  ['handshake-ack-lost', 'data-loss'],
];

/** Kinds of silence that an ICMP error about a packet of the flow accounts for. */
const EXPLAINED_BY_ERROR: ReadonlySet<VerdictCode> = new Set([
  'syn-unanswered',
  'idle-timeout',
  'peer-silent',
]);

/** Verdicts about one connection with two ends; void where a proxy makes it two connections. */
const OF_ONE_CONNECTION: ReadonlySet<VerdictCode> = new Set([
  'rst-forged',
  'rst-lost',
  'syn-lost',
  'syn-ack-lost',
  'syn-ack-forged',
  'syn-forged',
  'handshake-ack-lost',
  'data-loss',
  'ack-loss',
  'loss-in-sender',
  'pmtu-black-hole',
  'payload-altered',
  'reordering',
  'duplication',
  'mss-clamped',
  'options-stripped',
  'dscp-changed',
  'ecn-bleached',
  'tls-hello-reset',
]);

/** Drops what a stronger finding explains, and orders the rest: the one that the headline is about comes first. */
export function arbitrate(drafts: readonly Draft[]): Draft[] {
  const byFlow = new Map<FlowFacts | null, Draft[]>();
  for (const d of drafts) {
    const own = byFlow.get(d.flow);
    if (own) own.push(d);
    else byFlow.set(d.flow, [d]);
  }
  const kept = drafts.filter((d) => !byFlow.get(d.flow)?.some((other) => other !== d && explains(other, d)));
  return kept.sort((a, b) => compare(a, b));
}

function explains(cause: Draft, effect: Draft): boolean {
  if (cause.flow !== effect.flow || cause.flow === null || cause.grade === 'inconclusive') return false;
  if (isRejection(cause, effect)) return true;
  if (cause.code === 'icmp-error' && EXPLAINED_BY_ERROR.has(effect.code)) return isNoWeaker(cause, effect);
  if (cause.code === 'proxy-terminated') return OF_ONE_CONNECTION.has(effect.code);
  if (!EXPLAINS.some(([a, b]) => cause.code === a && effect.code === b)) return false;
  return cause.direction === effect.direction || cause.direction === null || cause.direction === 'both';
}

function isNoWeaker(a: Draft, b: Draft): boolean {
  return GRADES.indexOf(a.grade) <= GRADES.indexOf(b.grade);
}

/** A device that answers a packet with a RST keeps the packet: its loss is the same act. */
function isRejection(cause: Draft, effect: Draft): boolean {
  if (cause.code !== 'rst-forged' && cause.code !== 'tls-hello-reset') return false;
  if (effect.code !== 'data-loss' || cause.attributes.inline !== true) return false;
  return cause.direction === 'both' || cause.direction !== effect.direction;
}

function compare(a: Draft, b: Draft): number {
  return (
    rank(a) - rank(b) ||
    GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade) ||
    (a.flow?.startedAt ?? 0) - (b.flow?.startedAt ?? 0) ||
    compareText(a.flow?.id ?? '', b.flow?.id ?? '') ||
    compareText(a.code, b.code) ||
    compareText(a.direction ?? '', b.direction ?? '')
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Notes last, before them consequences, before them what is only inconclusive. */
function rank(d: Draft): number {
  const weight =
    d.attributes.openedLateMs === undefined ? (WEIGHT[d.code] ?? DEFAULT_WEIGHT) : OPENED_LATE_WEIGHT;
  if (NOTE_CODES.has(d.code)) return 100 + weight;
  if (d.consequenceOf) return 50 + weight;
  return d.grade === 'inconclusive' ? 25 + weight : weight;
}
