import type { FlowReport } from '@bothends/proto';
import type { FlowFacts } from './facts/flow-facts.js';
import { latencyOf } from './facts/latency.js';
import { lostOf } from './facts/loss.js';

/** A flow's line in the report, without what was found about it. */
export function flowReport(flow: FlowFacts): FlowReport {
  const names = flow.capture.intake.names.of(flow.flow);
  return {
    id: flow.id,
    protocol: flow.protocol,
    client: flow.client,
    server: flow.server,
    serverView: flow.serverView,
    ...(names.length > 0 ? { names } : {}),
    packets: {
      clientTap: flow.seenAt(flow.clientTap),
      serverTap: flow.seenAt(1 - flow.clientTap),
      matched: flow.matched,
      lostToServer: lostOf(flow, 'toward-server'),
      lostToClient: lostOf(flow, 'toward-client'),
    },
    latency: latencyOf(flow),
    findings: [],
  };
}
