import { formatDuration } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isFin, isSyn, type Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import type { ResetCase } from './cases.js';

/**
 * An abort that takes less than this share of the time that its way takes at least was made on that way. A quarter leaves room
 * for queues, in which all the packets that were measured may have waited.
 */
const TOO_SOON = 0.75;

/** Packets of the same way that must be measured. */
const LEAST_MEASURED = 2;
/**
 * Only packets this near to the RST are measured, because clocks drift: two crystals by 200 ppm at most, and a
 * clock that is being slewed by 500 more.
 */
const NEAR_NS = 10_000_000_000;
const DRIFT = 700e-6;

/**
 * Text when an abort came before it could: it acknowledges all that its sender had got, so it left after these bytes had
 * arrived. How long they took is seen, and how long the fastest packet back takes; in the sum of both the clocks' difference
 * cancels.
 */
export function arrivedTooSoon({ flow, rst, shape }: ResetCase): string | null {
  if (shape !== 'active' || !rst.received || !areTimesComparable(flow, rst)) return null;
  const acknowledged = firstArrival(flow, rst);
  if (!acknowledged?.sent || !acknowledged.received || acknowledged.repeat) return null;
  const back = fastestBack(flow, rst);
  if (back === null) return null;
  const taken = rst.received.time - acknowledged.sent.time;
  const needed = acknowledged.received.time - acknowledged.sent.time + back;
  if (needed <= 0 || taken >= needed * TOO_SOON) return null;
  return `it came ${formatDuration(taken)} after the bytes that it acknowledges had left; for them to arrive and the fastest packet to come back takes ${formatDuration(needed)}`;
}

/** Numbers mean the same at both taps, and no clock was set meanwhile. */
function areTimesComparable(flow: FlowFacts, { toward }: Packet): boolean {
  const opposite = toward === 'toward-server' ? 'toward-client' : 'toward-server';
  return (
    flow.path(toward, Row.SEQ_DELTA) === 0 &&
    flow.path(opposite, Row.SEQ_DELTA) === 0 &&
    flow.capture.intake.timeline.clock().segments.length === 1
  );
}

/** Of the packets with the last byte that a RST acknowledges, the one that came to its alleged sender first. */
function firstArrival(flow: FlowFacts, rst: Packet): Packet | null {
  const last = rst.acknowledgment - 1;
  let first: Packet | null = null;
  for (const p of flow.packets) {
    if (p.toward === rst.toward || p.icmp || p.copy || !p.received) continue;
    const extent = p.length + (isSyn(p) || isFin(p) ? 1 : 0);
    const place = (last - p.sequence) | 0;
    if (place < 0 || place >= extent) continue;
    if (first === null || p.received.time < (first.received?.time ?? 0)) first = p;
  }
  return first;
}

/** Time at the tap where a RST came minus time at its alleged sender's, of the fastest packet around it, ns; null: too few. */
function fastestBack(flow: FlowFacts, rst: Packet): number | null {
  const at = rst.received?.time ?? 0;
  const differences = flow.packets.flatMap((p) => {
    if (p.toward !== rst.toward || p === rst || p.icmp || p.copy || !p.sent || !p.received) return [];
    const apart = Math.abs(p.received.time - at);
    return apart <= NEAR_NS ? [p.received.time - p.sent.time - DRIFT * apart] : [];
  });
  return differences.length >= LEAST_MEASURED ? Math.min(...differences) : null;
}
