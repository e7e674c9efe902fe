import type { FlowReport } from '@bothends/proto';
import type { FlowFacts } from '../facts/flow-facts.js';
import { latencyOf } from '../facts/latency.js';
import { lossOf } from '../facts/loss.js';
import type { Toward } from '../facts/packet.js';
import { repairsOf } from '../facts/repair.js';

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
      lostToServer: lostOnPath(flow, 'toward-server'),
      lostToClient: lostOnPath(flow, 'toward-client'),
    },
    latency: latencyOf(flow),
    findings: [],
  };
}

/** Lost between the taps, less what a tap that is known to miss packets may have missed: ACKs, and data that TCP proves to have come. */
function lostOnPath(flow: FlowFacts, toward: Toward): number {
  const { lost, data, acks } = lossOf(flow, toward);
  const { missed } = flow.capture.taps[flow.receiverTap(toward)];
  if (lost === 0 || missed === 0 || flow.protocol !== 'tcp') return lost;
  return Math.max(0, lost - acks.length - repairsOf(flow, toward, data).refuted.length);
}
