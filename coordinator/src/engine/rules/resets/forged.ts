import { formatDuration, type Grade, NS_PER_MS, NS_PER_US } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isSyn, type Packet } from '../../facts/packet.js';
import { locate, locateBoth, ordinal, routersOnPath } from '../../facts/path.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakest } from '../../grade.js';
import { type Draft, draft, receiverOf, senderOf } from '../draft.js';
import { carriesClaim } from '../words.js';
import type { ResetCase } from './cases.js';
import { misplaced } from './numbers.js';
import { answersTooFast, guesses, isAbsent, oddHeader, proofOf, reactionOf } from './proof.js';
import { timeAt } from './shape.js';
import { arrivedTooSoon } from './too-soon.js';

/** RSTs within this time of one another are one act of one device, ns. */
const BURST_NS = 500_000_000;

/**
 * Packets of a sender that must have been seen before a header unlike theirs says anything by itself: with two
 * ways, so many would seldom all take the same.
 */
const WELL_KNOWN = 5;

/** Pauses shorter than this are not called idle. */
const IDLE_MS = 500;

/**
 * `rst-forged`: a RST reached one end, or both, that its alleged sender never sent. Where nothing but its absence from a
 * capture that may have missed it speaks for that, nobody is accused.
 */
export function forgedResets(cases: readonly ResetCase[]): Draft[] {
  const known = cases.filter((c) => c.rst.vouching?.level !== 'open');
  const suspects = known.filter(
    (c) =>
      isAbsent(c) ||
      c.origin === 'tap' ||
      ((c.origin === 'path' || c.origin === 'unclear') && isSuspicious(c, known)),
  );
  const toServer = firstBurst(suspects.filter((c) => c.rst.toward === 'toward-server'));
  const toClient = firstBurst(suspects.filter((c) => c.rst.toward === 'toward-client'));
  const [first, second] = [toServer[0], toClient[0]];
  const together = first && second && Math.abs(first.rst.at - second.rst.at) <= BURST_NS;
  const mutual = together === true && isMutual(first, second);
  const drafts = [toServer, toClient]
    .filter((burst) => burst.length > 0)
    .map((burst) => forgedOneWay(burst, mutual))
    .filter(({ grade }) => carriesClaim(grade));
  const [a, b] = drafts;
  return together && a && b ? [forgedBothWays(a, b, first, second)] : drafts;
}

/** Both ends got an abort that the other's tap does not have; neither answers the other, so that two taps would have to err. */
function isMutual(one: ResetCase, other: ResetCase): boolean {
  return [one, other].every((c) => isAbsent(c) && c.shape === 'active');
}

/** An unclear RST is suspected only for what its own packets show, never for a tap's blindness. */
function isSuspicious(c: ResetCase, all: readonly ResetCase[]): boolean {
  const alike = all.filter((other) => other.rst.toward === c.rst.toward && other.origin === 'unclear');
  return (
    (oddHeader(c) !== null && c.flow.received(c.rst.toward, Row.PACKETS) >= WELL_KNOWN) ||
    misplaced(c) !== null ||
    answersTooFast(c) !== null ||
    arrivedTooSoon(c) !== null ||
    guesses(firstBurst(alike)) !== null
  );
}

function firstBurst(cases: readonly ResetCase[]): ResetCase[] {
  const first = cases.find((c) => c.effect !== 'ignored') ?? cases[0];
  return first ? cases.filter((c) => Math.abs(c.rst.at - first.rst.at) <= BURST_NS) : [];
}

function forgedOneWay(burst: readonly ResetCase[], mutual: boolean): Draft {
  const first = burst.find((c) => c.effect !== 'ignored') ?? (burst[0] as ResetCase);
  const { flow, rst } = first;
  const receiver = receiverOf(rst.toward);
  const proof = proofOf(burst, first, mutual);
  const place = locate(flow, rst, receiver);
  const idle = idleBefore(flow, first);
  const inline = isInline(flow, first);
  const reaction = reactionOf(first);
  const count = burst.length;
  const grade = gradeCase(proof);
  return draft({
    code: 'rst-forged',
    grade,
    flow,
    direction: rst.toward,
    sender: 'path',
    blame: 'path',
    at: rst.received,
    statement: (final) => statementOf(first, final, count, idle, place.text),
    attributes: {
      hopsFromReceiver: place.hopsFromReceiver,
      idleMs: idle === null ? null : Math.round(idle / NS_PER_MS),
      reactionUs: reaction === null ? null : Math.round(reaction / NS_PER_US),
      inline,
      trigger: triggerName(first.trigger),
      count,
    },
    evidence: proof.evidence,
    assumptions: proof.assumptions,
    missing: missingFor(first),
    remedy: remedyFor(first, place.hopsFromReceiver),
  });
}

/** Says no more than the grade carries. */
function statementOf(c: ResetCase, grade: Grade, count: number, idle: number | null, place: string): string {
  const alleged = senderOf(c.rst.toward);
  const receiver = receiverOf(c.rst.toward);
  const many = count > 1;
  const subject = `${many ? `${count} RSTs` : 'The RST'} that reached the ${receiver} in the ${alleged}'s name`;
  const after = idle === null ? '' : ` after the connection had been idle for ${formatDuration(idle)}`;
  const sure =
    grade === 'likely' ? `${many ? 'were' : 'was'} most likely not` : `${many ? 'were' : 'was'} never`;
  return `${subject} ${sure} sent by the ${alleged}: something on the path forged ${many ? 'them' : 'it'}${after}; ${place}.`;
}

function remedyFor(c: ResetCase, hops: number | null): string {
  const { flow, rst } = c;
  if (c.origin === 'tap') {
    const { name } = flow.capture.taps[flow.senderTap(rst.toward)].description;
    return `Look at the rules of the host that ${name} was taken on (\`nft list ruleset\`, counters of its REJECT rules).`;
  }
  const [from, target] = rst.toward === 'toward-server' ? ['server', flow.client] : ['client', flow.server];
  const trace = `\`traceroute -T -p ${target.port} ${target.address}\` from the ${from}`;
  const which =
    hops === null
      ? 'shows the routers in question'
      : `shows the ${ordinal(hops + 1)} router, which is the one`;
  return `${trace} ${which}; ask its owner for the session log and the rule at that time.`;
}

function idleBefore(flow: FlowFacts, c: ResetCase): number | null {
  const tap = flow.receiverTap(c.rst.toward);
  const subject = c.trigger ?? c.rst;
  const time = timeAt(subject, tap);
  if (time === null) return null;
  let last = Number.NEGATIVE_INFINITY;
  for (const p of flow.packets) {
    const at = p === subject || p.icmp ? null : timeAt(p, tap);
    if (at !== null && at < time && at > last) last = at;
  }
  const gap = Math.max(time - last, subject.idle);
  return Number.isFinite(gap) && gap >= IDLE_MS * NS_PER_MS ? gap : subject.idle > 0 ? subject.idle : null;
}

/** True when the forger kept the packet that it answered from going on; null where it answered none that we know. */
function isInline(flow: FlowFacts, c: ResetCase): boolean | null {
  if (!c.trigger || c.trigger.sent?.tap !== flow.receiverTap(c.rst.toward)) return null;
  if (c.trigger.fate === 'lost') return true;
  return c.trigger.fate === 'delivered' ? false : null;
}

function triggerName(trigger: Packet | null): string | null {
  if (!trigger) return null;
  if (isSyn(trigger)) return 'syn';
  if (trigger.tls?.handshake === 1) return 'client-hello';
  return trigger.length > 0 ? 'data' : 'ack';
}

function missingFor(c: ResetCase): string[] {
  const alleged = senderOf(c.rst.toward);
  const level = c.rst.vouching?.level;
  if (level === 'complete' || c.origin === 'tap') return [];
  if (level === 'failed' || level === 'open') {
    return [
      `a capture at the ${alleged} that covers this moment (${c.rst.vouching?.why}): start both captures before the incident and stop them after it`,
    ];
  }
  return [
    `a drop count of the ${alleged}'s capture: take it live with \`bothends capture\`, or as pcapng with interface statistics`,
  ];
}

function forgedBothWays(toServer: Draft, toClient: Draft, server: ResetCase, client: ResetCase): Draft {
  const { flow } = server;
  const routers = routersOnPath(flow);
  const place = routers ? locateBoth(routers, client.rst.ttl, server.rst.ttl) : null;
  const earlier = server.rst.at <= client.rst.at ? toServer : toClient;
  const weaker = weakest(toServer.grade, toClient.grade);
  return {
    ...earlier,
    grade: weaker,
    direction: 'both',
    statement: (final) => bothWaysStatement(final, place),
    attributes: {
      ...earlier.attributes,
      hopsFromReceiver: place ? place.fromClient : (earlier.attributes.hopsFromReceiver ?? null),
      hopsFromClient: place ? place.fromClient : null,
      hopsFromServer: place && routers ? routers - 1 - place.fromClient : null,
      count: Number(toServer.attributes.count) + Number(toClient.attributes.count),
    },
    evidence: [...toServer.evidence, ...toClient.evidence],
    assumptions: [...toServer.assumptions, ...toClient.assumptions],
    missing: [...new Set([...toServer.missing, ...toClient.missing])],
  };
}

function bothWaysStatement(grade: Grade, place: { fromClient: number; initial: number } | null): string {
  const sure = grade === 'likely' ? 'most likely neither' : 'neither';
  const where = place
    ? `, at the ${ordinal(place.fromClient + 1)} router from the client (initial TTL ${place.initial})`
    : '';
  return `Both ends were reset by RSTs that ${sure} of them sent: a device on the path ended the connection${where}.`;
}
