import { formatDuration, NS_PER_MS } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import type { Packet, Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { gradeCase } from '../../grade.js';
import { type Draft, draft, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';

/** A shorter stall is over before the other end would probe it (Linux's least persist timer): flow control at work. */
const LEAST_STALL_NS = 200 * NS_PER_MS;

/** How long a tap saw a direction advertise window 0, ns, and whether it still did at the end. */
interface Stall {
  total: number;
  open: boolean;
}

/** `zero-window`: one end told the other to stop, because its application did not read. */
export function zeroWindow(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp') return [];
  return BOTH_WAYS.flatMap((toward) => {
    const own = stallAt(flow, toward, flow.senderTap(toward));
    const far = stallAt(flow, toward, flow.receiverTap(toward));
    const stall = own.total > 0 || flow.sent(toward, Row.PACKETS) > 0 ? own : far;
    return stall.total < LEAST_STALL_NS ? [] : [stalled(flow, toward, stall, far)];
  });
}

function stallAt(flow: FlowFacts, toward: Toward, tap: 0 | 1): Stall {
  const read = (word: number) =>
    flow.senderTap(toward) === tap ? flow.sent(toward, word) : flow.received(toward, word);
  const since = read(Row.ZERO_SINCE);
  if (Number.isNaN(since)) return { total: read(Row.ZERO_TOTAL), open: false };
  const last = flow.flowWord(tap === 0 ? Row.LAST_SEEN_0 : Row.LAST_SEEN_1);
  return { total: read(Row.ZERO_TOTAL) + Math.max(0, last - since), open: true };
}

function stalled(flow: FlowFacts, toward: Toward, stall: Stall, far: Stall): Draft {
  const [reader, writer] = [senderOf(toward), receiverOf(toward)];
  const closing = flow.packets.find((p) => p.toward === toward && isZeroWindow(p));
  const opening =
    closing && flow.packets.find((p) => p.toward === toward && p.at > closing.at && p.window > 0 && !p.icmp);
  const updateLost = !stall.open && far.open && far.total > stall.total;
  const durationMs = Math.round(stall.total / NS_PER_MS);
  return draft({
    code: 'zero-window',
    grade: gradeCase({ lines: 1, conclusive: true, absence: null, headersOnly: false, counter: 0 }),
    flow,
    direction: toward,
    sender: reader,
    blame: hostOf(reader),
    at: closing?.sent ?? closing?.received ?? null,
    statement: `The ${reader} told the ${writer} to stop for ${formatDuration(stall.total)}${stall.open ? ' and still did at the end' : ''} (window 0): its application does not read fast enough, the network waits.`,
    attributes: { durationMs, open: stall.open, updateLost },
    evidence: [
      exhibit('window-closed', `the ${reader} advertised window 0`, closing),
      opening && exhibit('window-opened', 'and opened it again later', opening),
      updateLost &&
        exhibit(
          'update-lost',
          `the ${reader} opened its window, but the update never reached the ${writer}`,
          opening,
        ),
    ],
    missing: [`why it does not read: \`ss -tinm\` on the ${reader} (Recv-Q stays high), its application`],
  });
}

const isZeroWindow = (p: Packet) => p.window === 0 && !p.icmp && p.flags !== 0 && !(p.flags & 0x06);
