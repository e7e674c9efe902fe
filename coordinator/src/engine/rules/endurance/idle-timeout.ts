import { formatDuration, type Grade, NS_PER_MS, NS_PER_S } from '@bothends/proto';
import { type CaptureFacts, type FlowFacts, opposite } from '../../facts/flow-facts.js';
import { isFin, isRst, isSyn, isSynAck, type Packet } from '../../facts/packet.js';
import { serviceOf } from '../../facts/services.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, strongest, strongestVouch } from '../../grade.js';
import type { Vouch } from '../../taps.js';
import { assume, type Draft, draft, type Exhibit, exhibit, receiverOf } from '../draft.js';
import { resetCases } from '../resets/cases.js';
import { forgedResets } from '../resets/forged.js';
import { carriesClaim } from '../words.js';

/** No device forgets sooner: the shortest timers in use are a few seconds, tests go down to one. */
const LEAST_FATAL_NS = NS_PER_S;

/** Interval of keepalives that is safe below a timer: half of what was survived, or a third of what was fatal. */
const SAFE_SHARE = { survived: 1 / 2, fatal: 1 / 3 } as const;

/** Retransmissions without an answer that stand for silence: two RTOs are past by then. */
const LEAST_UNANSWERED = 2;

/** A RST that answers the first packet after the pause comes within a round trip of the longest kind, ns. */
const ANSWERED_NS = 2 * NS_PER_S;

/** A connection that died of a pause. */
interface Death {
  flow: FlowFacts;
  /** The pause before the packet that died, ns. */
  idle: number;
  /** The first packet after the pause, or the RST that a device sent by itself when the time was up. */
  packet: Packet;
  forged: Packet | null;
}

/** What all flows of one service say: one client address, one server address and port. */
interface Service {
  /** Longest pause after which packets were delivered, ns, over all flows. */
  survived: number;
  /** The same over all services of the two hosts: a timer per port is possible, but rare. */
  survivedElsewhere: number;
  deaths: Death[];
  flows: number;
}

/**
 * `idle-timeout`: a device forgot connections that were idle too long. Judged over all flows of a service, since the
 * timer belongs to the device: every pause survived lies below it, every fatal one above.
 */
export function idleTimeout(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const services = new Map<number, Service>();
  const pairs = new Map<number, number>();
  const pairOf = ({ client, server }: FlowFacts) => capture.services.pair(client.address, server.address);
  for (const flow of flows) {
    if (flow.protocol !== 'tcp' || flow.matched === 0) continue;
    const pair = pairOf(flow);
    pairs.set(pair, Math.max(pairs.get(pair) ?? 0, flow.survived));
    const key = serviceOf(pair, flow.server.port);
    let service = services.get(key);
    if (!service) {
      service = { survived: 0, survivedElsewhere: 0, deaths: [], flows: 0 };
      services.set(key, service);
    }
    service.flows++;
    service.survived = Math.max(service.survived, flow.survived);
    const death = flow.someWait ? deathOf(flow) : null;
    if (death) service.deaths.push(death);
  }
  for (const service of services.values()) {
    const flow = service.deaths[0]?.flow;
    if (flow) service.survivedElsewhere = pairs.get(pairOf(flow)) ?? 0;
  }
  return [...services.values()].flatMap(timersOf);
}

function deathOf(flow: FlowFacts): Death | null {
  if (flow.longestIdle < LEAST_FATAL_NS) return null;
  for (const p of flow.packets) {
    // The gap before a retransmission is a timer of its sender, not idleness.
    if (p.idle < LEAST_FATAL_NS || p.icmp || p.copy || isSyn(p) || isSynAck(p)) continue;
    if (isRst(p)) {
      if (isUnsent(p) && forgeryGrade(flow, p)) return { flow, idle: p.idle, packet: p, forged: p };
    } else if (!p.repeat && p.sent && !p.received && isLastWord(flow, p)) {
      return { flow, idle: p.idle, packet: p, forged: answerTo(flow, p) };
    }
  }
  return null;
}

/** It arrived, and its alleged sender's tap does not have it. */
const isUnsent = (p: Packet) => p.received !== null && p.sent === null && !p.copy;

/** Nothing of the flow got through after it, either way: a mere loss would have been repaired. */
function isLastWord(flow: FlowFacts, p: Packet): boolean {
  const sent = p.sent;
  if (!sent) return false;
  const after = flow.packets.filter(
    (q) => q.toward === p.toward && q.sent && q.sent.time >= sent.time && !q.icmp,
  );
  if (after.some((q) => q.received && !isRst(q)) || someArrivedAfter(flow, p, after)) return false;
  const more = after.length > 1 || answerTo(flow, p) !== null;
  return more && !isFinished(flow, p);
}

/** The same of packets that are not kept one by one. */
function someArrivedAfter(flow: FlowFacts, { toward, sent }: Packet, after: readonly Packet[]): boolean {
  const top = flow.path(toward, flow.senderTap(toward) === 0 ? Row.TOP_NUMBER_0 : Row.TOP_NUMBER_1);
  return sent !== null && top > sent.number && !after.some((q) => q.received && q.sent?.number === top);
}

/** The connection had been closed at one end before: then silence is no wonder. */
function isFinished(flow: FlowFacts, p: Packet): boolean {
  return flow.packets.some((q) => q.at < p.at && (isFin(q) || (isRst(q) && q.sent)) && !q.icmp);
}

/** A RST that came back to the sender at once and that the other end never sent. */
function answerTo(flow: FlowFacts, p: Packet): Packet | null {
  const sent = p.sent;
  const answer = flow.packets.find((q) => {
    if (!isRst(q) || q.toward !== opposite(p.toward) || !isUnsent(q) || !q.received || !sent) return false;
    return q.received.time >= sent.time && q.received.time - sent.time < ANSWERED_NS;
  });
  return answer ?? null;
}

function timersOf(service: Service): Draft[] {
  const shortest = service.deaths.reduce<Death | null>(
    (best, d) => (best && best.idle <= d.idle ? best : d),
    null,
  );
  // A longer pause that did no harm: whatever killed these, it is no timer.
  if (!shortest || service.survived >= shortest.idle) return [];
  return [verdict(service, shortest)];
}

function verdict(service: Service, death: Death): Draft {
  const { flow, idle, packet } = death;
  const why = packet.vouching?.why ?? '';
  const survived = service.survived > 0 ? service.survived : null;
  const { grade, level } = gradeTimer(service, death);
  return draft({
    code: 'idle-timeout',
    grade,
    flow,
    direction: isRst(packet) ? null : packet.toward,
    sender: 'path',
    blame: 'path',
    at: packet.sent ?? packet.received,
    statement: (final) => statementOf(service, death, survived, carriesClaim(final)),
    attributes: {
      survivedMs: survived === null ? null : Math.round(survived / NS_PER_MS),
      fatalMs: Math.round(idle / NS_PER_MS),
      connections: service.deaths.length,
    },
    evidence: exhibits(service, death, why),
    counter: [
      outlivedElsewhere(service, death) &&
        exhibit(
          'survived-elsewhere',
          `a connection of the same hosts to another port outlived ${formatDuration(service.survivedElsewhere)}`,
        ),
    ],
    assumptions: [assume(level ?? 'failed', why)],
    missing: missingOf(service, survived),
    remedy: remedy(survived, idle),
  });
}

function statementOf(service: Service, death: Death, survived: number | null, sure: boolean): string {
  const { flow, idle, packet, forged } = death;
  const deaths = service.deaths.length;
  const flows = deaths === 1 ? 'A connection' : `${deaths} connections`;
  const silent = formatDuration(idle);
  const within =
    survived === null ? `at most ${silent}` : `between ${formatDuration(survived)} and ${silent}`;
  const device = `a device on the path that forgets idle connections after ${within}`;
  const then = isRst(packet)
    ? ' and resets them by itself'
    : forged
      ? ' and answers their next packet with a RST that no end sent'
      : ' and drops their next packet without a word';
  const claim = sure ? `, because of ${device}` : `; that fits ${device}`;
  return `${flows} to ${flow.server.address} port ${flow.server.port} did not outlive ${silent} of silence${claim}${then}.`;
}

/**
 * Where the receiver's capture cannot vouch for the loss: a forged RST is evidence of its own, and so are several
 * retransmissions without any answer where shorter pauses were survived. Neither makes it more than likely.
 */
function gradeTimer(service: Service, death: Death): { grade: Grade; level: Vouch | null } {
  const { flow, packet, forged } = death;
  const level = strongestVouch(service.deaths.map((d) => d.packet.vouching?.level ?? 'failed'));
  const survived = service.survived > 0;
  const several = service.deaths.length > 1;
  // A RST that its alleged sender's capture merely lacks may be another host's, which took over the address meanwhile.
  const forgery = forged ? forgeryGrade(flow, forged) : null;
  const lines = 1 + (survived ? 1 : 0) + (forgery ? 1 : 0) + (several ? 1 : 0);
  // One connection that ended with a pause: a path that was cut meanwhile looks the same.
  if (lines === 1) return { grade: 'inconclusive', level };
  const counter = outlivedElsewhere(service, death) ? 1 : 0;
  const graded = gradeCase({
    lines,
    conclusive: survived && several,
    absence: level,
    headersOnly: false,
    counter,
  });
  // The silence of a tap that cannot tell is no evidence, whatever else fits.
  const seen = level === 'failed' || level === 'open' ? 'inconclusive' : graded;
  if (counter > 0) return { grade: survived || several ? seen : 'inconclusive', level };
  const unanswered = flow.packets.filter(
    (p) => p.toward === packet.toward && p.sent && p.repeat && p.at > packet.at,
  ).length;
  const told = survived && (forgery || unanswered >= LEAST_UNANSWERED) ? 'likely' : 'inconclusive';
  return { grade: strongest(seen, told), level };
}

/** Another service of the same hosts outlived as long a pause. */
function outlivedElsewhere(service: Service, death: Death): boolean {
  return service.survivedElsewhere >= death.idle;
}

/** The grade at which a RST was found to be forged, null where it was not, or at less than likely. */
function forgeryGrade(flow: FlowFacts, rst: Packet): Grade | null {
  const found = forgedResets(resetCases(flow));
  const grade = found.find(
    (d) => d.at === rst.received || d.evidence.some((e) => e.packets.includes(rst)),
  )?.grade;
  return grade && carriesClaim(grade) ? grade : null;
}

function exhibits(service: Service, death: Death, why: string): Exhibit[] {
  const { packet, forged, idle } = death;
  const rows: Exhibit[] = [];
  if (isRst(packet))
    rows.push(
      exhibit(
        'untriggered',
        `after ${formatDuration(idle)} of silence this RST came, which its alleged sender never sent: ${why}`,
        packet,
      ),
    );
  else
    rows.push(
      exhibit(
        'fatal',
        `the first packet after ${formatDuration(idle)} of silence left and never reached the ${receiverOf(packet.toward)}: ${why}`,
        packet,
      ),
    );
  if (forged && forged !== packet)
    rows.push(exhibit('answered', 'instead this RST came back, which the other end never sent', forged));
  if (service.survived > 0) {
    rows.push(
      exhibit(
        'survived',
        `pauses of up to ${formatDuration(service.survived)} did no harm in ${service.flows === 1 ? 'the same connection' : `${service.flows} connections to this service`}`,
      ),
    );
  }
  return rows;
}

function missingOf(service: Service, survived: number | null): string[] {
  const missing: string[] = [];
  if (survived === null) missing.push('a shorter pause that is survived: it bounds the timer from below');
  if (service.deaths.length === 1) missing.push('a second connection that dies of the same pause');
  return missing;
}

function remedy(survived: number | null, idle: number): string {
  const safe =
    survived === null
      ? idle * SAFE_SHARE.fatal
      : Math.max(survived * SAFE_SHARE.survived, Math.min(survived, idle * SAFE_SHARE.fatal));
  const seconds = Math.max(1, Math.floor(safe / NS_PER_S));
  return (
    `Send keepalives every ${seconds} s: \`sysctl -w net.ipv4.tcp_keepalive_time=${seconds} net.ipv4.tcp_keepalive_intvl=${seconds}\` for sockets with SO_KEEPALIVE, ` +
    `or TCP_KEEPIDLE=${seconds} and TCP_KEEPINTVL=${seconds} on the socket itself; or raise the timer of the device above the longest pause.`
  );
}
