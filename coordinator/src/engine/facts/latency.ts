import type { Latency } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';

/**
 * Where a flow's time went; means over its exchanges. The server's share is measured on the server's clock and
 * the client's waiting on the client's, so their difference, the path both ways, needs no comparison of clocks.
 * Only its split into two directions does, and carries the clocks' error.
 */
export function latencyOf(flow: FlowFacts): Latency | null {
  if (flow.matched === 0) return null;
  const connectNs = connectTime(flow);
  const turns = flow.sent('toward-client', Row.TURNS);
  const serverNs = turns > 0 ? flow.sent('toward-client', Row.TURN_TOTAL) / turns : null;
  const asked = flow.received('toward-client', Row.TURNS);
  const waited = asked > 0 ? flow.received('toward-client', Row.TURN_TOTAL) / asked : null;
  const pathNs =
    serverNs !== null && waited !== null && asked === turns ? Math.max(0, waited - serverNs) : null;
  const split = splitPath(flow);
  return {
    connectNs: round(connectNs),
    serverNs: round(serverNs),
    pathNs: round(pathNs),
    errorNs: round(split?.error ?? null),
    toServerNs: round(split?.toServer ?? null),
    toClientNs: round(split?.toClient ?? null),
  };
}

function connectTime(flow: FlowFacts): number | null {
  if (flow.sent('toward-server', Row.SYN_OPTIONS) < 0 || flow.received('toward-client', Row.SYN_OPTIONS) < 0)
    return null;
  const time = flow.received('toward-client', Row.FIRST_TIME) - flow.sent('toward-server', Row.FIRST_TIME);
  return time >= 0 ? time : null;
}

/** Fastest passage each way, and how far the clocks leave the split open. */
function splitPath(flow: FlowFacts): { toServer: number; toClient: number; error: number } | null {
  const { timeline } = flow.capture.intake;
  const at = flow.path('toward-server', Row.MIN_DIFF_AT);
  const offset = timeline.offsetAt(at);
  const corridor = flow.roundTrip;
  if (offset === null || corridor === null) return null;
  const passage = (toward: 'toward-server' | 'toward-client') =>
    flow.senderTap(toward) === 0
      ? flow.path(toward, Row.MIN_DIFF) - offset
      : offset - flow.path(toward, Row.MAX_DIFF);
  const toServer = passage('toward-server');
  const toClient = passage('toward-client');
  if (!Number.isFinite(toServer) || !Number.isFinite(toClient)) return null;
  return { toServer: Math.max(0, toServer), toClient: Math.max(0, toClient), error: corridor / 2 };
}

function round(ns: number | null): number | null {
  return ns === null ? null : Math.round(ns);
}
