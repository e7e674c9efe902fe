import { formatDuration, NS_PER_MS } from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import type { Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { standingQueue } from '../../timeline/standing-queue.js';
import { type Draft, draft, exhibit } from '../draft.js';
import { wayText } from './change.js';

/** A round trip that is longer by this much is felt in every keystroke and stalls calls (ITU-T G.114: 150 ms one way), ns. */
const FELT_NS = 300_000_000;

/** A queue that is gone sooner was a burst, ns. */
const LASTING_NS = 500_000_000;

/** `slow-path`: for a while nothing got through as fast as it can; told of the flow that moved most bytes that way. */
export function slowQueue(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const queue = standingQueue(capture.intake.timeline, FELT_NS);
  if (!queue || queue.lasted < LASTING_NS) return [];
  const toward: Toward | null =
    queue.sender === null ? null : queue.sender === capture.clientTap ? 'toward-server' : 'toward-client';
  const busiest = busiestOf(flows, toward);
  if (!busiest) return [];
  const excess = formatDuration(queue.excess);
  const way = toward === null ? 'there and back' : wayText(toward);
  return [
    draft({
      code: 'slow-path',
      // Measured; whether the way became longer or a queue stood on it, times alone do not tell.
      grade: 'likely',
      flow: busiest,
      direction: toward ?? 'both',
      blame: 'path',
      statement: () =>
        `For ${formatDuration(queue.lasted)} in all even the fastest packets took up to ${excess} longer ${way} than others did: they stood in a queue on the path (bufferbloat), or went a longer way.`,
      attributes: {
        excessMs: Math.round(queue.excess / NS_PER_MS),
        lastedMs: Math.round(queue.lasted / NS_PER_MS),
      },
      evidence: [
        exhibit(
          'measured',
          'the least that packets took there and back at one time, less the least at any other: the clocks cancel',
        ),
      ],
      remedy:
        'Find the narrowest link on the way and who fills it (`tc -s qdisc`, interface utilisation); shape a little below its rate with fq_codel or cake, so that packets wait in a queue that is kept short.',
    }),
  ];
}

/** The flow with most payload in a direction, or in both. */
function busiestOf(flows: readonly FlowFacts[], toward: Toward | null): FlowFacts | null {
  const bytes = (flow: FlowFacts) =>
    (toward === 'toward-server' ? 0 : flow.sent('toward-client', Row.BYTES)) +
    (toward === 'toward-client' ? 0 : flow.sent('toward-server', Row.BYTES));
  return flows.reduce<FlowFacts | null>((best, flow) => {
    if (flow.matched === 0) return best;
    return best && bytes(best) >= bytes(flow) ? best : flow;
  }, null);
}
