import type { FlowReport } from '@bothends/proto';
import type { FlowFacts } from './facts/flow-facts.js';
import { latencyOf } from './facts/latency.js';
import { lossOf } from './facts/loss.js';

/** A flow's line in the report. */
export function flowReport(flow: FlowFacts, findings: string[]): FlowReport {
  const toServer = lossOf(flow, 'toward-server');
  const toClient = lossOf(flow, 'toward-client');
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
      lostToServer: toServer.lost,
      lostToClient: toClient.lost,
    },
    latency: latencyOf(flow),
    findings,
  };
}
