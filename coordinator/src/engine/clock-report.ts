import { type ClockReport, formatInstant } from '@bothends/proto';
import type { CaptureFacts } from './facts/flow-facts.js';
import { absolute } from './taps.js';

/** What is known of the two clocks, as server minus client. */
export function clockReport(capture: CaptureFacts): ClockReport {
  const { timeline } = capture.intake;
  const { segments, lines } = timeline.clock();
  const line = lines.at(-1);
  const bases = Number((capture.taps[1].baseNs ?? 0n) - (capture.taps[0].baseNs ?? 0n));
  const sign = capture.clientTap === 0 ? 1 : -1;
  const turned = (ns: number) => Math.round(sign * ns) || 0;
  const steps = segments.slice(1).map((segment, i) => {
    const after = lines[i + 1];
    const before = lines[i];
    const by = after && before ? after.offset - before.offset : Number.NaN;
    return {
      at: formatInstant(absolute(capture.taps[0], segment.from)),
      byNs: Number.isNaN(by) ? 0 : turned(by),
      tap: 'unknown',
    };
  });
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
