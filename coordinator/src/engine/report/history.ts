import { formatInstant, type PathColumns, type PathHistory } from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../facts/flow-facts.js';
import { lossOf, segmentsOf } from '../facts/loss.js';
import type { Toward } from '../facts/packet.js';
import { absolute } from '../taps.js';

/** One-way delay, loss and clock quality of a whole capture over time. */
export function pathHistory(capture: CaptureFacts, flows: readonly FlowFacts[]): PathHistory {
  const { timeline } = capture.intake;
  const { width } = timeline.differences;
  const [first] = capture.taps;
  const count = columnsOf(capture);
  const middle = (i: number) => (i + 0.5) * width;
  const clockErrorNs = Array.from({ length: count }, (_, i) => {
    const { lower, upper } = timeline.boundsAt(middle(i));
    const error = (upper - lower) / 2;
    return Number.isFinite(error) ? Math.round(error) : null;
  });
  // Where one side of the clocks' difference is open, so is every time on the way.
  const offsets = clockErrorNs.map((error, i) => (error === null ? null : timeline.offsetAt(middle(i))));
  const directionOf = (toward: Toward): PathColumns => ({
    ...delays(capture, toward, offsets),
    lost: losses(capture, flows, toward, count),
  });
  return {
    startedAt: formatInstant(first.baseNs === null ? 0n : absolute(first, 0)),
    columnNs: width,
    toServer: directionOf('toward-server'),
    toClient: directionOf('toward-client'),
    clockErrorNs,
  };
}

/** Columns up to the last packet of either tap. */
function columnsOf({ intake, taps }: CaptureFacts): number {
  const { timeline } = intake;
  const ends = taps.filter(({ last }) => !Number.isNaN(last));
  const last = Math.max(0, ...ends.map((tap) => timeline.common(tap.index, tap.last)));
  return ends.length === 0 ? 0 : Math.floor(last / timeline.differences.width) + 1;
}

function delays(
  { intake, clientTap }: CaptureFacts,
  toward: Toward,
  offsets: readonly (number | null)[],
): Omit<PathColumns, 'lost'> {
  const sender = toward === 'toward-server' ? clientTap : ((1 - clientTap) as 0 | 1);
  const { least, greatest, sum, count } = intake.timeline.differences.bySender[sender];
  // A packet from tap 1 to tap 0 makes the difference smaller by its time on the way.
  const delay = (difference: number, i: number) => {
    const offset = offsets[i] ?? null;
    if (offset === null || !count[i]) return null;
    return Math.round(sender === 0 ? difference - offset : offset - difference);
  };
  const [shortest, longest] = sender === 0 ? [least, greatest] : [greatest, least];
  return {
    lowestNs: offsets.map((_, i) => delay(shortest[i] ?? 0, i)),
    meanNs: offsets.map((_, i) => delay((sum[i] ?? 0) / (count[i] || 1), i)),
    highestNs: offsets.map((_, i) => delay(longest[i] ?? 0, i)),
  };
}

function losses(
  { intake }: CaptureFacts,
  flows: readonly FlowFacts[],
  toward: Toward,
  count: number,
): number[] {
  const { width } = intake.timeline.differences;
  const columns = new Array<number>(count).fill(0);
  for (const flow of flows) {
    const { gone } = lossOf(flow, toward);
    for (const packet of gone) {
      const column = Math.min(count - 1, Math.max(0, Math.floor(packet.at / width)));
      columns[column] = (columns[column] ?? 0) + segmentsOf(flow, packet, gone);
    }
  }
  return columns;
}
