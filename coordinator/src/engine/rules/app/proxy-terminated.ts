import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import { isSyn, isSynAck, type Packet } from '../../facts/packet.js';
import type { ProxiedPair } from '../../facts/proxies.js';
import { gradeCase, weakest } from '../../grade.js';
import * as Row from '../../match/rows.js';
import { type Draft, draft, exhibit } from '../draft.js';

/**
 * `proxy-terminated` of two tuples: the client talks to one address, the server is talked to by another, and the
 * requests are the same bytes. One finding for each pair of front and back.
 */
export function proxyTerminated(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const byFlow = new Map(flows.map((flow) => [flow.flow, flow]));
  const groups = new Map<string, { pair: ProxiedPair; front: FlowFacts; back: FlowFacts }[]>();
  for (const pair of capture.proxied) {
    const front = byFlow.get(pair.clientSide);
    const back = byFlow.get(pair.serverSide);
    if (!front || !back) continue;
    const key = `${front.server.address} ${front.server.port} ${back.client.address} ${back.server.port}`;
    groups.set(key, [...(groups.get(key) ?? []), { pair, front, back }]);
  }
  return [...groups.values()].map((members) => twoTuples(members));
}

function twoTuples(members: readonly { pair: ProxiedPair; front: FlowFacts; back: FlowFacts }[]): Draft {
  const linesOf = ({ pair }: (typeof members)[number]) => 1 + Number(pair.sameAnswer) + Number(pair.inOrder);
  const best = members.reduce((a, b) => (linesOf(b) > linesOf(a) ? b : a));
  const { pair, front, back } = best;
  const graded = gradeCase({
    lines: linesOf(best),
    conclusive: false,
    absence: null,
    headersOnly: false,
    counter: 0,
  });
  const request = front.packets.find((p) => p.toward === 'toward-server' && p.length > 0);
  const many = members.length > 1 ? ` (${members.length} such pairs)` : '';
  return draft({
    code: 'proxy-terminated',
    // The same request on several connections may be several clients' own, as health checks are.
    grade: pair.unique ? graded : weakest(graded, 'likely'),
    flow: front,
    direction: null,
    sender: 'path',
    blame: 'path',
    at: request?.sent ?? null,
    statement:
      `The two ends hold two different connections${many}: the client's goes to ${front.server.address} port ${front.server.port}, ` +
      `the server's comes from ${back.client.address}; a proxy or load balancer between them passes the requests on. Judge each by itself.`,
    attributes: {
      front: `${front.server.address}:${front.server.port}`,
      backFrom: back.client.address,
      back: `${back.server.address}:${back.server.port}`,
      backFlow: back.id,
      pairs: members.length,
    },
    evidence: [
      exhibit(
        'same-request',
        `both connections begin with the same bytes (the other is ${back.id})`,
        request,
      ),
      ...(pair.sameAnswer ? [exhibit('same-answer', 'and so do the answers on them')] : []),
      ...(pair.inOrder ? [exhibit('order', 'the request left the client before it reached the server')] : []),
    ],
    missing: [
      'captures on the proxy itself, one for each of its two connections: what it does with either is seen only there',
    ],
  });
}

/**
 * `proxy-terminated` of one tuple: a transparent proxy answers in the server's name and speaks in the client's. Both
 * handshakes have numbers of their own, and no packet of one is a packet of the other.
 */
export function transparentProxy(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || !hasTwoHandshakes(flow)) return [];
  const all = flow.packets.filter((p) => !p.icmp);
  const left = all.find((p) => isSyn(p) && p.toward === 'toward-server' && p.sent && !p.received);
  const came = all.find((p) => isSyn(p) && p.toward === 'toward-server' && p.received && !p.sent);
  const answer = all.find((p) => isSynAck(p) && p.toward === 'toward-client' && p.received && !p.sent);
  if (!left || !came || !answer || all.some((p) => isSyn(p) && p.sent && p.received)) return [];
  const early = came.received && answer.received && flow.isBefore(answer.received, came.received);
  const passedOn = flow.path('toward-server', Row.PAIRS) > 0 || flow.path('toward-client', Row.PAIRS) > 0;
  const restamped = left.timestampValue !== 0 && left.timestampValue !== came.timestampValue;
  const lines = 1 + Number(Boolean(early)) + Number(passedOn) + Number(restamped);
  return lines < 2
    ? []
    : [oneTuple(flow, { left, came, answer, early: Boolean(early), passedOn, restamped }, lines)];
}

/** Both taps saw both SYNs, and the initial sequence numbers differ in both directions. */
function hasTwoHandshakes(flow: FlowFacts): boolean {
  return (['toward-server', 'toward-client'] as const).every((toward) => {
    const seen = flow.sent(toward, Row.SYN_OPTIONS) >= 0 && flow.received(toward, Row.SYN_OPTIONS) >= 0;
    return seen && flow.sent(toward, Row.SEQ_BASE) !== flow.received(toward, Row.SEQ_BASE);
  });
}

interface Handshakes {
  left: Packet;
  came: Packet;
  answer: Packet;
  early: boolean;
  passedOn: boolean;
  restamped: boolean;
}

function oneTuple(flow: FlowFacts, h: Handshakes, lines: number): Draft {
  return draft({
    code: 'proxy-terminated',
    grade: gradeCase({
      lines,
      conclusive: h.early && h.restamped,
      absence: null,
      headersOnly: false,
      counter: 0,
    }),
    flow,
    direction: null,
    sender: 'path',
    blame: 'path',
    at: h.answer.received,
    statement:
      'A transparent proxy stands between: it answered the client in the server’s name and opened a connection of its own ' +
      'to the server under the same addresses and ports. Judge each of the two by itself.',
    attributes: {
      front: `${flow.server.address}:${flow.server.port}`,
      backFrom: flow.client.address,
      pairs: 1,
    },
    evidence: [
      exhibit(
        'two-handshakes',
        'initial sequence numbers differ in both directions, and no SYN is the other',
        h.left,
        h.came,
      ),
      ...(h.restamped
        ? [exhibit('header', 'the two SYNs carry different TCP time stamps', h.left, h.came)]
        : []),
      ...(h.early
        ? [
            exhibit(
              'before-syn',
              'the client had its SYN-ACK before any SYN reached the server',
              h.answer,
              h.came,
            ),
          ]
        : []),
      ...(h.passedOn ? [exhibit('same-request', 'the same payload passes on both')] : []),
    ],
    missing: ['captures on the proxy itself, one for each of its two connections'],
  });
}
