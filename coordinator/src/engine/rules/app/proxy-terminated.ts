import type { Grade } from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import type { ProxiedPair } from '../../facts/proxies.js';
import { gradeCase, weakest } from '../../grade.js';
import { absolute } from '../../taps.js';
import { type Draft, draft, exhibit } from '../draft.js';

/**
 * `proxy-terminated` of two tuples: the client talks to one address, the server is talked to by another, and the
 * requests are the same bytes. One finding for each pair of front and back.
 */
export function proxyTerminated(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  if (capture.proxied.length === 0) return [];
  const byFlow = new Map(flows.map((flow) => [flow.flow, flow]));
  const groups = new Map<string, { pair: ProxiedPair; front: FlowFacts; back: FlowFacts }[]>();
  for (const pair of capture.proxied) {
    const front = byFlow.get(pair.clientSide);
    const back = byFlow.get(pair.serverSide);
    if (!front || !back) continue;
    const key = `${front.server.address} ${front.server.port} ${back.client.address} ${back.server.port}`;
    groups.set(key, [...(groups.get(key) ?? []), { pair, front, back }]);
  }
  const apart = areApart(capture);
  return [...groups.values()].map((members) => twoTuples(members, apart));
}

/** No packet says how the clocks stand, and by these one capture had ended before the other began. */
function areApart({ intake, taps }: CaptureFacts): boolean {
  if (intake.timeline.clock().segments.length > 0) return false;
  return [taps, [taps[1], taps[0]] as const].some(
    ([earlier, later]) => absolute(earlier, earlier.last) < absolute(later, later.first),
  );
}

const APART = exhibit(
  'apart',
  'by their own clocks the captures do not overlap in time: the same request may have been made twice',
);

function twoTuples(
  members: readonly { pair: ProxiedPair; front: FlowFacts; back: FlowFacts }[],
  apart: boolean,
): Draft {
  const linesOf = ({ pair }: (typeof members)[number]) => 1 + Number(pair.sameAnswer) + Number(pair.inOrder);
  const best = members.reduce((a, b) => (linesOf(b) > linesOf(a) ? b : a));
  const { pair, front, back } = best;
  const request = front.packets.find((p) => p.toward === 'toward-server' && p.length > 0);
  const many = members.length > 1 ? ` (${members.length} such pairs)` : '';
  return draft({
    code: 'proxy-terminated',
    grade: weakest(gradeOf(pair, linesOf(best), members.length), apart ? 'possible' : 'proven'),
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
      exhibit(SHOWN[pair.by].kind, `${SHOWN[pair.by].text} (the other is ${back.id})`, request),
      pair.sameAnswer && pair.by !== 'answer' && exhibit('same-answer', sameAnswerOf(pair)),
      pair.inOrder && exhibit('order', 'the request left the client before it reached the server'),
    ],
    counter: [apart && APART],
    missing: [
      'captures on the proxy itself, one for each of its two connections: what it does with either is seen only there',
    ],
  });
}

/** What a pair has in common, as evidence. */
const SHOWN: Readonly<Record<ProxiedPair['by'], { kind: string; text: string }>> = {
  request: { kind: 'same-request', text: 'both connections begin with the same bytes' },
  answer: { kind: 'same-answer', text: 'the answers on both connections begin with the same bytes' },
  head: {
    kind: 'same-request',
    text: 'the HTTP requests on both connections begin alike, and the client waited no less than the proxy',
  },
};

function sameAnswerOf({ by }: ProxiedPair): string {
  return by === 'head'
    ? 'the answers have the same status and Content-Length'
    : 'and so do the answers on them';
}

/** Pairs from which on it is no chance that what was answered alike is the same. */
const SEVERAL = 3;

function gradeOf({ by, unique, sameAnswer }: ProxiedPair, lines: number, pairs: number): Grade {
  const graded = gradeCase({ lines, conclusive: false, absence: null, headersOnly: false, counter: 0 });
  if (by === 'answer') return pairs >= SEVERAL ? weakest(graded, 'likely') : 'possible';
  if (by === 'head')
    return sameAnswer && (unique || pairs >= SEVERAL) ? weakest(graded, 'likely') : 'possible';
  // The same bytes on several connections may be several clients' own, as health checks are.
  return unique ? graded : weakest(graded, 'likely');
}
