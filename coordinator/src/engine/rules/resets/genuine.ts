import { PacketType } from '@bothends/proto';
import { recordAt } from '../../facts/counterpart.js';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { hopsOf } from '../../facts/hops.js';
import { continuesIds } from '../../facts/ids.js';
import { isRst, type Packet } from '../../facts/packet.js';
import { tapPlace, ttlAtTap } from '../../facts/tap-place.js';
import { State } from '../../flows/records.js';
import { gradeCase, weakest } from '../../grade.js';
import { type Draft, draft, type Exhibit, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';
import { type Cause, isBridged, type ResetCase } from './cases.js';
import { causeOf } from './cause.js';

/** `rst-genuine`: the alleged sender sent it; and, where packets tell, why. */
export function genuineResets(cases: readonly ResetCase[]): Draft[] {
  const drafts: Draft[] = [];
  const seen = new Map<string, Draft>();
  cases.forEach((c, index) => {
    // What a tap has yet to report may still show where it came from.
    if (c.origin === 'path' || c.origin === 'tap' || c.rst.vouching?.level === 'open') return;
    if (c.origin === 'local') {
      if (!drafts.some((d) => d.attributes.shape === 'loopback')) drafts.push(ownFirewall(c));
      return;
    }
    const cause = causeOf(c, cases.slice(0, index));
    const key = `${c.rst.toward} ${cause.name} ${c.origin}`;
    const known = seen.get(key);
    if (known) {
      known.attributes.count = Number(known.attributes.count) + 1;
      return;
    }
    const made = isAllThereIs(c) ? alone(c) : c.origin === 'sender' ? genuine(c, cause) : unclear(c);
    seen.set(key, made);
    drafts.push(made);
  });
  return drafts;
}

/** One tap saw it, and of its connection nothing that went the other way: nothing tells on which side of that tap its sender is. */
function isAllThereIs({ flow, rst }: ResetCase): boolean {
  const taps = [rst.sent, rst.received].filter((sighting) => sighting !== null);
  if (taps.length > 1 || flow.packets.some((p) => !isRst(p))) return false;
  return flow.capture.intake.store.records.packetType[rst.record] !== PacketType.outgoing;
}

function alone({ flow, rst, shape }: ResetCase): Draft {
  const sender = senderOf(rst.toward);
  const sighting = rst.sent ?? rst.received;
  const name = sighting ? flow.capture.taps[sighting.tap].description.name : 'one capture';
  return draft({
    code: 'rst-genuine',
    grade: 'inconclusive',
    flow,
    direction: rst.toward,
    sender,
    cause: 'unknown',
    at: sighting,
    statement: () =>
      `A RST in the ${sender}'s name is all that the captures have of this connection: whether it left the host of ${name} or came to it cannot be told.`,
    attributes: { count: 1, shape, causeGrade: 'inconclusive', effect: 'unknown' },
    evidence: [exhibit('alone', `seen in ${name} only, and no packet the other way`, rst)],
    missing: ['captures of both directions that begin before the connection does'],
  });
}

function genuine(c: ResetCase, cause: Cause): Draft {
  const sender = senderOf(c.rst.toward);
  const original = c.rewrittenFrom ?? c.rst;
  const { why: elsewhere } = tapPlace(c.flow, sender, ttlAtTap(c.flow, sender) ?? original.sent?.ttl ?? null);
  const seen = elsewhere
    ? `the capture at the ${sender}'s side shows it coming from there`
    : `the ${sender}'s own capture shows it leaving`;
  const evidence: Exhibit[] = [exhibit('seen-leaving', seen, original)];
  if (c.rewrittenFrom) {
    evidence.push(exhibit('rewritten', 'a device on the path changed its numbers', c.rewrittenFrom, c.rst));
  }
  evidence.push(...cause.evidence);
  const nearer = madeNearer(c);
  // That it left its sender is seen, not inferred; the grade is that of the cause. Where the sender's side was
  // captured on a router before it, only the TTL tells this RST from one made between the two.
  const place = gradeCase({
    lines: 1,
    conclusive: true,
    absence: null,
    headersOnly: elsewhere !== null,
    counter: nearer ? 1 : 0,
  });
  return draft({
    code: 'rst-genuine',
    grade: weakest(place, cause.name === 'unknown' ? 'strong' : gradeOfKnown(cause)),
    flow: c.flow,
    direction: c.rst.toward,
    sender,
    cause: nearer ? 'unknown' : cause.name,
    blame: nearer ? 'unknown' : cause.name === 'un-natted-stray' ? 'path' : hostOf(sender),
    at: original.sent ?? original.received,
    statement: nearer
      ? () =>
          `The RST in the ${sender}'s name came from the ${sender}'s side, but by its TTL from nearer than the ${sender} itself.`
      : `The ${sender} itself sent the RST: it ${cause.text}.`,
    attributes: { count: 1, shape: c.shape, causeGrade: cause.grade, effect: c.effect },
    evidence,
    counter: [nearer !== null && exhibit('nearer', nearer, original)],
    assumptions: elsewhere
      ? [
          {
            text: `nothing between the ${sender} and this capture resets in its name: ${elsewhere}`,
            checked: false,
          },
        ]
      : [],
    missing: [
      ...(cause.open ? [cause.open] : []),
      ...(elsewhere ? [`a capture on the ${sender} itself`] : []),
    ],
  });
}

/**
 * Text when the RST began nearer to the tap than the packets of its alleged sender, as on a router beside the host: theirs
 * have passed more routers, by their TTL.
 */
function madeNearer({ flow, rst }: ResetCase): string | null {
  if (isSeenLeavingBridgeOnly(flow, rst))
    return 'the host of this tap passes packets on as a bridge does, and shows this RST going out only: its capture missed it coming in, or that host made it';
  const others = ttlAtTap(flow, senderOf(rst.toward));
  const own = rst.sent?.ttl ?? 0;
  if (others === null || own === 0 || hopsOf(own) > hopsOf(others)) return null;
  if (hopsOf(own) < hopsOf(others))
    return (
      `at this tap its TTL is ${own} and that of the ${senderOf(rst.toward)}'s other packets ${others}: the tap is not on that ` +
      'host, and what made the RST is nearer to it'
    );
  if (own !== others || hopsOf(own) > 0 || !isForwarded(flow, rst, others)) return null;
  return `the host of this tap passes the ${senderOf(rst.toward)}'s other packets on, and the RST left it as if made there`;
}

function isSeenLeavingBridgeOnly(flow: FlowFacts, rst: Packet): boolean {
  const { packetType, state } = flow.capture.intake.store.records;
  const record = recordAt(flow, rst, flow.senderTap(rst.toward));
  if (record < 0 || packetType[record] !== PacketType.outgoing || state[record] & State.doubled) return false;
  return isBridged(flow, rst.toward);
}

/**
 * The tap's host is a router: it shows packets of the direction a second time with a TTL one lower, but not this
 * RST.
 */
function isForwarded(flow: FlowFacts, rst: Packet, ttl: number): boolean {
  const again = flow.packets.filter((p) => p.toward === rst.toward && p.copy && p.sent?.ttl === ttl - 1);
  const { routes } = flow.capture.taps[flow.senderTap(rst.toward)];
  return (routes || again.length > 0) && !again.some(isRst);
}

/** A cause that is only possible does not weaken the fact that this host sent the RST. */
function gradeOfKnown(cause: Cause): 'strong' | 'proven' {
  return cause.grade === 'proven' ? 'proven' : 'strong';
}

/** A RST of which only the receiver's end is seen, and of which nothing tells whether it was forged. */
function unclear(c: ResetCase): Draft {
  const sender = senderOf(c.rst.toward);
  const receiver = receiverOf(c.rst.toward);
  return draft({
    code: 'rst-genuine',
    grade: 'inconclusive',
    flow: c.flow,
    direction: c.rst.toward,
    sender,
    cause: 'unknown',
    blame: 'unknown',
    at: c.rst.received,
    statement: () => `A RST in the ${sender}'s name reached the ${receiver}. ${forSender(c, sender)}`,
    attributes: { count: 1, shape: c.shape, causeGrade: 'inconclusive', effect: c.effect },
    evidence: [
      exhibit('received', `seen at the ${receiver} only`, c.rst as Packet),
      c.rst.fate === 'injected' &&
        exhibit('absent-at-sender', `the ${sender}'s capture was running and does not have it`, c.rst),
    ],
    missing: settling(c, sender),
  });
}

/** What would settle who sent it. */
function settling({ rst }: ResetCase, sender: string): string[] {
  if (rst.fate !== 'injected') return [`a capture at the ${sender} that covers this moment`];
  return [
    `a drop count of the ${sender}'s capture: take it live with \`bothends capture\`, or as pcapng with interface statistics`,
    `the ${sender}'s own kernel: \`nstat -az TcpOutRsts\` before and after, or the event tcp_send_reset`,
  ];
}

/** What speaks for the alleged sender, or that nothing speaks against it. */
function forSender({ flow, rst }: ResetCase, sender: string): string {
  const why = rst.vouching?.why ?? 'it does not show that moment';
  return continuesIds(flow, rst)
    ? `It bears the very IP id that the ${sender} would have come to next, so that the ${sender} seems to have sent it and its capture to have missed it: ${why}.`
    : rst.fate === 'injected'
      ? `Either something on the path forged it, or the ${sender} sent it and its capture missed it: ${why}, and nothing else tells.`
      : `Nothing speaks against the ${sender} having sent it, and the ${sender}'s capture cannot confirm it: ${why}.`;
}

/** A RST in the other end's name that the receiver's own OUTPUT chain made: nothing of it was ever on the wire. */
function ownFirewall(c: ResetCase): Draft {
  const alleged = senderOf(c.rst.toward);
  const host = receiverOf(c.rst.toward);
  return draft({
    code: 'rst-genuine',
    grade: 'strong',
    flow: c.flow,
    direction: c.rst.toward,
    sender: host,
    cause: 'local-firewall',
    blame: hostOf(host),
    at: c.rst.received,
    statement:
      `The ${host}'s own firewall reset the ${host}'s connection: a RST in the ${alleged}'s name came over its loopback ` +
      `and was never on the wire.`,
    attributes: { count: 1, shape: 'loopback', causeGrade: 'strong', effect: c.effect },
    evidence: [
      exhibit(
        'loopback',
        `the RST was seen on the ${host}'s loopback interface, the connection on another`,
        c.rst,
      ),
    ],
    missing: [`the OUTPUT rules of the ${host}'s host (counters of its REJECT rules)`],
  });
}
