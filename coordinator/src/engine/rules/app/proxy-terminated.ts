import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import type { ProxiedPair } from '../../facts/proxies.js';
import { gradeCase, weakest } from '../../grade.js';
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
