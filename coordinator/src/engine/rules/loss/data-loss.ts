import { formatDuration, type Grade, NS_PER_MS } from '@bothends/proto';
import {
  type Control,
  controlOf,
  isInterleaved,
  isSignificant,
  mayHaveArrived,
} from '../../facts/control.js';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { type CutOff, cutOffAt, type Loss, leftTooLate, lossOf, segmentsOf } from '../../facts/loss.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { isDiscovery } from '../../facts/path-mtu.js';
import { extent, type Repairs, repairsOf } from '../../facts/repair.js';
import { gradeCase, strongestVouch } from '../../grade.js';
import type { Vouch } from '../../taps.js';
import { assume, type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';
import { sentInVain } from './in-vain.js';
import { outageOf } from './outage.js';
import { longestBurst, share } from './share.js';

/** From so many losses on, all of them retransmitted, chance repeats of what a tap missed are no explanation. */
const SEVERAL = 3;

/** `data-loss`: segments left their sender and died on the path. */
export function dataLoss(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || flow.matched === 0) return [];
  return BOTH_WAYS.flatMap((toward) => {
    const loss = lossOf(flow, toward);
    return loss.data.length === 0 ? sentInVain(flow, toward) : lostToward(flow, toward, loss);
  });
}

function lostToward(flow: FlowFacts, toward: Toward, all: Loss): Draft[] {
  const loss = inTime(flow, toward, all);
  if (loss.data.length === 0) return [];
  const repairs = repairsOf(flow, toward, loss.data);
  const gone = [...repairs.repaired, ...repairs.open].sort((a, b) => a.at - b.at);
  const control = controlOf(flow, toward);
  const missed = repairs.refuted.length + control.missing.length + control.resets.length;
  // A tap that misses as much as is lost explains it all, unless the sender felt the loss.
  if (repairs.repaired.length === 0 && missed >= gone.length) return [];
  if (mayHaveArrived(flow, toward, gone) || isDiscovery(flow, toward, gone)) return [];
  return [verdict(flow, toward, { loss, repairs, gone, control })];
}

/** A loss without what came when the receiver had ended the connection. */
function inTime(flow: FlowFacts, toward: Toward, loss: Loss): Loss {
  const late = new Set(leftTooLate(flow, toward, loss.data));
  if (late.size === 0) return loss;
  const segments = [...late].reduce((sum, p) => sum + segmentsOf(flow, p, loss.gone), 0);
  return { ...loss, lost: loss.lost - segments, data: loss.data.filter((p) => !late.has(p)) };
}

/** Lost transmissions of a direction and what else bears on them. */
interface Findings {
  loss: Loss;
  repairs: Repairs;
  /** Those that TCP does not refute, oldest first. */
  gone: Packet[];
  control: Control;
}

function verdict(flow: FlowFacts, toward: Toward, found: Findings): Draft {
  const { loss, repairs, gone, control } = found;
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const lost = Math.max(gone.length, loss.lost - loss.acks.length - repairs.refuted.length);
  const cut = cutOffAt(flow, toward, gone[0]);
  const outage = cut || lost !== gone.length || isOneSegment(gone) ? null : outageOf(flow, toward, gone);
  const level = strongestVouch(gone.map((p) => p.vouching?.level ?? 'failed'));
  const why = gone.find((p) => p.vouching?.level === level)?.vouching?.why ?? '';
  return draft({
    code: 'data-loss',
    grade: gradeLoss(flow, found, lost, level),
    flow,
    direction: toward,
    sender,
    blame: 'path',
    at: gone[0]?.sent ?? null,
    statement: statementOf(found, lost, toward, { cut, outage }),
    attributes: {
      sent: loss.sent,
      lost,
      retransmitted: repairs.areAllKnown ? repairs.repaired.length : null,
      sentAgain: repairs.again,
      longestBurst: longestBurst(gone, isNextSegment),
      cutOffMs: cut ? Math.round(cut.lasted / NS_PER_MS) : null,
      ...(outage === null ? {} : { outageMs: Math.round(outage / NS_PER_MS) }),
    },
    evidence: [
      exhibit('seen-leaving', `they left the ${sender}`, ...gone.slice(0, 4)),
      exhibit('absent-at-receiver', `the ${receiver}'s capture does not have them: ${why}`, gone[0]),
      ...retransmissions(repairs, sender),
    ],
    counter: counter(repairs, control, receiver),
    remedy: cut ? remedyForCut(flow, toward) : outage === null ? null : OUTAGE_REMEDY,
    assumptions: [assume(level ?? 'failed', why)],
    missing: level === 'complete' ? [] : [`a capture at the ${receiver} that counts its drops`],
  });
}

/** What is special about when a direction lost packets: to its end, or all of them in one outage of so many ns. */
interface Course {
  cut: CutOff | null;
  outage: number | null;
}

function statementOf(
  { loss, gone }: Findings,
  lost: number,
  toward: Toward,
  { cut, outage }: Course,
): string {
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  if (cut) {
    const since = isClientHello(gone[0]) ? `From the TLS ClientHello on` : 'From one moment on';
    return `${since} nothing that the ${sender} sent reached the ${receiver} any more: ${cut.packets} packets over ${formatDuration(cut.lasted)}, all lost on the path to the ${receiver}.`;
  }
  const [first] = gone;
  if (first && lost === gone.length && isOneSegment(gone)) {
    const what = isClientHello(first)
      ? 'The TLS ClientHello'
      : `One and the same segment of ${first.length} bytes`;
    return `${what} from the ${sender} never reached the ${receiver}, though it was sent ${lost} times and other packets arrived: lost on the path to the ${receiver} each time.`;
  }
  if (outage !== null) {
    return `For at least ${formatDuration(outage)} nothing that the ${sender} sent reached the ${receiver}, and then packets passed again: ${share(lost, loss.sent, 'segment')} lost on the path to the ${receiver}.`;
  }
  return `${share(lost, loss.sent, 'segment')} from the ${sender} never reached the ${receiver}: lost on the path to the ${receiver}.`;
}

/** All that was lost is one segment, again and again: that is no chance any more. */
function isOneSegment(gone: readonly Packet[]): boolean {
  const [first] = gone;
  return (
    gone.length >= SEVERAL && gone.every((p) => p.sequence === first?.sequence && p.length === first.length)
  );
}

/** Handshake type of a ClientHello (RFC 8446, 4). */
const isClientHello = (p: Packet | undefined) => p?.tls?.handshake === 1;

const OUTAGE_REMEDY =
  'Ask what happened on the path at that moment: a link that went down, a failover, a route that changed, a host that moved.';

/** A path that delivers nothing any more was changed at that moment. */
function remedyForCut(flow: FlowFacts, toward: Toward): string {
  const target = toward === 'toward-server' ? flow.server : flow.client;
  return (
    `Ask what was changed on the path at that moment: a route, a rule, a session that was cleared. ` +
    `\`traceroute -T -p ${target.port} ${target.address}\` from the ${senderOf(toward)} shows how far packets get now.`
  );
}

/** A tap that is known to have missed more than the sender sent again decides nothing. */
function gradeLoss(flow: FlowFacts, found: Findings, lost: number, absence: Vouch | null): Grade {
  const { loss, repairs, gone, control } = found;
  const isControlled = gone.length === 1 || isInterleaved(flow, gone);
  const counter = repairs.refuted.length + control.missing.length;
  if (counter > repairs.repaired.length && absence !== 'complete') return 'inconclusive';
  const controlled = isSignificant(control, lost, loss.sent) && isControlled;
  const independent = lines(repairs, controlled);
  return gradeCase({ lines: independent, conclusive: true, absence, headersOnly: false, counter });
}

function lines(repairs: Repairs, controlled: boolean): number {
  const all = repairs.open.length + repairs.refuted.length === 0 && repairs.repaired.length >= SEVERAL;
  return 1 + (repairs.repaired.length > 0 ? 1 : 0) + (all || controlled ? 1 : 0);
}

function retransmissions({ repaired, open, again, areAllKnown }: Repairs, sender: string) {
  if (repaired.length === 0) return [];
  const repeats = open.filter((p) => p.repeat).length;
  const first = repaired.length + open.length - repeats;
  const what = areAllKnown ? `${repaired.length} of ${first} again` : `data again ${again} times`;
  const rest = areAllKnown && repeats > 0 ? `; the other ${repeats} lost are such retransmissions` : '';
  return [
    exhibit('retransmitted', `the ${sender} sent ${what}, so its TCP missed them too${rest}`, repaired[0]),
  ];
}

function counter(repairs: Repairs, control: Control, receiver: string) {
  const items = [];
  if (repairs.refuted.length > 0) {
    const text = `${repairs.refuted.length} more are absent there too, yet were acknowledged without being sent again: the ${receiver}'s tap missed them`;
    items.push(exhibit('tap-missed', text, ...repairs.refuted.slice(0, 2)));
  }
  if (control.missing.length > 0) {
    const text = `${control.missing.length} packets that left the ${receiver} are not in its own capture`;
    items.push(exhibit('tap-missed', text, ...control.missing.slice(0, 2)));
  }
  return items;
}

const isNextSegment = (a: Packet, b: Packet) => ((a.sequence + extent(a)) | 0) === (b.sequence | 0);
