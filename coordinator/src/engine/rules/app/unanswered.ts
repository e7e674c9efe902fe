import { formatDuration, Http, NS_PER_MS } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isFin, isRst, type Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { type Draft, draft, exhibit } from '../draft.js';

/** Whoever gives up sooner did not wait, ns. */
const LEAST_WAIT_NS = 1_000_000_000;

const CLIENT_HELLO = 1;

/**
 * `slow-server` without an answer: the request arrived, the server's kernel acknowledged it, its application kept silent, and
 * the client went away. Whether an answer was due at all is known of HTTP and TLS only.
 */
export function unanswered(flow: FlowFacts): Draft[] {
  const waited = silence(flow);
  if (waited < LEAST_WAIT_NS) return [];
  const end = endOfClient(flow);
  const request = lastData(flow);
  if (!end?.received || !request?.received || !isAcknowledged(flow, request)) return [];
  const wait = end.received.time - request.received.time;
  if (wait < LEAST_WAIT_NS) return [];
  const isDue = request.tls?.handshake === CLIENT_HELLO || isRequest(request);
  // Data that nobody ever answers (logs, metrics) is no request.
  if (!isDue && flow.sent('toward-client', Row.BYTES) > 0) return [];
  return [verdict(flow, request, end, wait, isDue)];
}

/** How long the server's tap saw nothing but the client after the client's last data, ns; 0 where the server spoke last. */
function silence(flow: FlowFacts): number {
  const asked = flow.received('toward-server', Row.DATA_TIME);
  const answered = flow.sent('toward-client', Row.DATA_TIME);
  if (Number.isNaN(asked) || answered > asked) return 0;
  return flow.received('toward-server', Row.LAST_TIME) - asked;
}

/** The client's FIN or RST, where the server had sent none before. */
function endOfClient(flow: FlowFacts): Packet | null {
  const end = flow.packets.find((p) => (isFin(p) || isRst(p)) && (p.sent || p.received) && !p.copy);
  return end?.toward === 'toward-server' && end.sent ? end : null;
}

function lastData(flow: FlowFacts): Packet | null {
  const time = flow.received('toward-server', Row.DATA_TIME);
  return flow.packets.find((p) => p.toward === 'toward-server' && p.received?.time === time) ?? null;
}

function isAcknowledged(flow: FlowFacts, p: Packet): boolean {
  return flow.packets.some(
    (q) => q.toward === 'toward-client' && q.sent && ((q.acknowledgment - p.sequence - p.length) | 0) >= 0,
  );
}

function isRequest({ http }: Packet): boolean {
  return http?.kind === Http.request || http?.kind === Http.head;
}

function verdict(flow: FlowFacts, request: Packet, end: Packet, wait: number, isDue: boolean): Draft {
  const what = isDue ? 'request' : 'data';
  const gone = isRst(end) ? 'reset' : 'closed';
  return draft({
    code: 'slow-server',
    grade: isDue ? 'likely' : 'possible',
    flow,
    direction: 'toward-client',
    sender: 'server',
    blame: 'server-host',
    at: request.received,
    // Seen, whatever the grade of calling it a fault.
    statement: () =>
      `The client's ${what} reached the server, whose kernel acknowledged it, and no answer left the server in ` +
      `${formatDuration(wait)}, until the client ${gone} the connection: its application did not answer.`,
    attributes: {
      serverMs: null,
      pathMs: null,
      longestMs: Math.round(wait / NS_PER_MS),
      answers: 0,
    },
    evidence: [
      exhibit('arrived', `this ${what} arrived at the server`, request),
      exhibit('gave-up', `${formatDuration(wait)} later the client ${gone} the connection`, end),
    ],
    assumptions: isDue ? [] : [{ text: 'the client expected an answer', checked: false }],
    missing: [
      "what the server's application did meanwhile: `ss -tnp` shows the request unread (Recv-Q) or read, its own log the rest",
    ],
  });
}
