import { type ClockReport, formatInstant } from '@bothends/proto';
import type { CaptureFacts } from '../facts/flow-facts.js';
import { absolute } from '../taps.js';
import type { ClockView } from '../timeline/timeline.js';

/** What is known of the two clocks, as server minus client. */
export function clockReport(capture: CaptureFacts): ClockReport {
  const { timeline } = capture.intake;
  const clock = timeline.clock();
  const { segments, lines } = clock;
  const line = lines.at(-1);
  const bases = Number((capture.taps[1].baseNs ?? 0n) - (capture.taps[0].baseNs ?? 0n));
  const sign = capture.clientTap === 0 ? 1 : -1;
  const turned = (ns: number) => Math.round(sign * ns) || 0;
  const tap = steppedTap(capture);
  const steps = jumps(clock).map(({ at, by }) => ({
    at: formatInstant(absolute(capture.taps[0], at)),
    byNs: turned(by),
    tap,
  }));
  if (!line) {
    const bounds = timeline.boundsAt(0);
    const known = Number.isFinite(bounds.lower) && Number.isFinite(bounds.upper);
    return {
      offsetNs: known ? turned((bounds.lower + bounds.upper) / 2 + bases) : null,
      errorNs: known ? Math.round((bounds.upper - bounds.lower) / 2) : null,
      driftPpm: null,
      method: known ? 'exchange' : segments.length > 0 ? 'packets, one direction' : 'none',
      steps,
    };
  }
  // Said for the client's first packet, so that it does not depend on which tap came first.
  const client = capture.taps[capture.clientTap];
  const at = Number.isNaN(client.first) ? line.at : timeline.common(client.index, client.first);
  return {
    offsetNs: turned(line.offset + line.slope * (at - line.at) + bases),
    errorNs: Math.round(line.error),
    driftPpm: line.slopeKnown ? Math.round(sign * line.slope * 1e9) / 1e3 || 0 : null,
    method: 'packets',
    steps,
  };
}

/**
 * Where θ jumps and by how much, ns; 0 where a direction is missing on either side. A bucket in which the clock
 * was stepped has the bounds of both sides and is a stretch of its own, which must not count as a second step.
 */
function jumps({ segments, lines }: ClockView): { at: number; by: number }[] {
  const kept = segments
    .map((segment, i) => ({ segment, line: lines[i] }))
    .filter(({ segment }, i) => i === 0 || i === segments.length - 1 || segment.times.length > 1);
  return kept.slice(1).map(({ line }, i) => {
    const before = kept[i];
    const by = line && before.line ? line.offset - before.line.offset : 0;
    return { at: before.segment.to, by };
  });
}

/** The one tap whose own host says that its clock was set; `unknown` where neither does, or both. */
function steppedTap({ taps }: CaptureFacts): string {
  const stepped = taps.filter(({ coverage }) => coverage?.gaps.some(({ cause }) => cause === 'clock-step'));
  return stepped.length === 1 ? stepped[0].description.name : 'unknown';
}
