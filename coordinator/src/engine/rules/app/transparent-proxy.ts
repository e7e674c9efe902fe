import { Tcp } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { beginsAlike } from '../../facts/legs.js';
import { isSyn, isSynAck } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakest } from '../../grade.js';
import { type Draft, draft, exhibit } from '../draft.js';
import { timeAt } from '../resets/shape.js';

/** What speaks for two connections under one tuple, beside initial sequence numbers that differ both ways. */
interface Signs {
  /** Time stamps or IP ids of the handshake differ: a device that only rewrites sequence numbers keeps them. */
  renewed: boolean;
  /** Window, window shift or options of the handshake differ. */
  reshaped: boolean;
  /** The client had its SYN-ACK before any SYN reached the server. */
  early: boolean;
  /** Packets without data are not the same at both ends: each connection acknowledges by itself. */
  ownAcks: boolean;
  /** The same payload passes on both. */
  passedOn: boolean;
}

/**
 * `proxy-terminated` of one tuple: a transparent proxy answers in the server's name and speaks in the client's. Both
 * handshakes have numbers of their own, which only what is passed on has in common.
 */
export function transparentProxy(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || !hasTwoHandshakes(flow)) return [];
  // A tap that missed one connection of the tuple shows the next one in its place.
  if (flow.capture.intake.reuse.isReused(flow.flow) || !areOfOneTime(flow)) return [];
  const signs = signsOf(flow);
  if (!signs) return [];
  const { renewed, reshaped, early, ownAcks, passedOn } = signs;
  const lines = [renewed, reshaped, early, ownAcks, passedOn].filter(Boolean).length;
  // Without payload in common they may be two connections of different times, each seen by one tap.
  return renewed && passedOn ? [proxied(flow, signs, lines)] : [];
}

/** Both taps saw both SYNs, and the initial sequence numbers differ in both directions. */
function hasTwoHandshakes(flow: FlowFacts): boolean {
  return BOTH_WAYS.every((toward) => {
    const seen = flow.sent(toward, Row.SYN_OPTIONS) >= 0 && flow.received(toward, Row.SYN_OPTIONS) >= 0;
    return seen && flow.sent(toward, Row.SEQ_BASE) !== flow.received(toward, Row.SEQ_BASE);
  });
}

/**
 * Both handshakes may belong to one request: neither tap saw anything of the tuple before its SYN, as of an earlier connection,
 * and neither connection was over before the other one began.
 */
function areOfOneTime(flow: FlowFacts): boolean {
  const syns = flow.packets.filter(isSyn);
  const begins = ([0, 1] as const).map((tap) =>
    syns.map((p) => timeAt(p, tap)).find((time) => time !== null),
  );
  const [first, second] = begins;
  if (first == null || second == null || [0, 1].some((tap) => spanAt(flow, tap).from < (begins[tap] ?? 0)))
    return false;
  const { timeline } = flow.capture.intake;
  const [start, other] = [timeline.common(0, first), timeline.common(1, second)];
  return other <= timeline.common(0, spanAt(flow, 0).to) && start <= timeline.common(1, spanAt(flow, 1).to);
}

/** When a tap saw the first and the last packet of a flow, on its own clock. */
function spanAt({ capture, flow }: FlowFacts, tap: number): { from: number; to: number } {
  const { store } = capture.intake;
  const words = (word: number) =>
    [0, 1]
      .map((direction) => store.sides.data[store.side(flow, direction, tap) + word] ?? Number.NaN)
      .filter((time) => !Number.isNaN(time));
  return { from: Math.min(...words(Row.FIRST_TIME)), to: Math.max(...words(Row.LAST_TIME)) };
}

function signsOf(flow: FlowFacts): Signs | null {
  const { records } = flow.capture.intake.store;
  const [opening, reply] = [synsOf(flow, 0), synsOf(flow, Tcp.ack)];
  if (!opening || !reply) return null;
  const pairs = [opening, reply];
  const differ = (column: ArrayLike<number>) =>
    pairs.some(([a, b]) => column[a] !== 0 && column[b] !== 0 && column[a] !== column[b]);
  const syn = flow.packets.find((p) => isSyn(p) && p.received);
  const synAck = flow.packets.find((p) => isSynAck(p) && p.received);
  return {
    renewed: differ(records.timestampValue) || differ(records.ipId),
    reshaped: pairs.some(
      ([a, b]) => records.window[a] !== records.window[b] || records.wscale[a] !== records.wscale[b],
    ),
    early: Boolean(syn?.received && synAck?.received && flow.isBefore(synAck.received, syn.received)),
    ownAcks: BOTH_WAYS.some(
      (toward) => flow.sent(toward, Row.WAITING) > 0 && flow.received(toward, Row.WAITING) > 0,
    ),
    passedOn: BOTH_WAYS.some((toward) => beginsAlike(flow.capture.intake, flow.flow, flow.direction(toward))),
  };
}

/**
 * The SYN (or SYN-ACK) as each tap saw it, records at tap 0 and 1; null where one was not kept, or where a tap saw
 * several attempts on the tuple, of which the other may have seen another.
 */
function synsOf(flow: FlowFacts, ack: number): readonly [number, number] | null {
  const { store } = flow.capture.intake;
  const { records } = store;
  const kept = store.notable(flow.flow);
  const at = (tap: number) => {
    const syns = kept.filter(
      (r) => records.tap[r] === tap && (records.flags[r] & (Tcp.syn | Tcp.ack)) === (Tcp.syn | ack),
    );
    return syns.every((r) => records.sequence[r] === records.sequence[syns[0] ?? r]) ? syns[0] : undefined;
  };
  const [a, b] = [at(0), at(1)];
  return a === undefined || b === undefined ? null : [a, b];
}

function proxied(flow: FlowFacts, signs: Signs, lines: number): Draft {
  const graded = gradeCase({
    lines,
    conclusive: signs.early && signs.reshaped,
    absence: null,
    headersOnly: false,
    counter: 0,
  });
  const left = flow.packets.find((p) => isSyn(p) && p.sent);
  const came = flow.packets.find((p) => isSyn(p) && p.received);
  const answer = flow.packets.find((p) => isSynAck(p) && p.received);
  // A normaliser (pf scrub with modulated state) renews numbers, ids and stamps of one connection too.
  const more = signs.reshaped || signs.early || signs.ownAcks;
  return draft({
    code: 'proxy-terminated',
    grade: more ? graded : weakest(graded, 'likely'),
    flow,
    sender: 'path',
    blame: 'path',
    at: answer?.received ?? null,
    statement:
      "A transparent proxy stands between: it answered the client in the server's name and opened a connection of its own " +
      'to the server under the same addresses and ports. Judge each of the two by itself.',
    attributes: {
      front: `${flow.server.address}:${flow.server.port}`,
      backFrom: flow.client.address,
      pairs: 1,
    },
    evidence: [
      exhibit('two-handshakes', 'initial sequence numbers differ in both directions', left, came),
      exhibit(
        'header',
        'and so do the time stamps or IP ids, which a device that rewrites sequence numbers keeps',
        left,
        came,
      ),
      signs.reshaped && exhibit('options', 'the handshakes differ in window or options'),
      signs.early &&
        exhibit('before-syn', 'the client had its SYN-ACK before any SYN reached the server', answer),
      signs.ownAcks && exhibit('own-acks', 'each connection has packets that the other does not have'),
      signs.passedOn && exhibit('same-request', 'both begin with the same payload'),
    ],
    missing: ['captures on the proxy itself, one for each of its two connections'],
  });
}
