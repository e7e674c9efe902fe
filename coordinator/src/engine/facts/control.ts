import { Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { opposite } from './flow-facts.js';
import { isRst, type Packet, type Toward } from './packet.js';

/**
 * Positive control of the receiver's tap for one direction of a flow: packets that the other end proves to have left
 * the receiver, and how many of those its tap has.
 */
export interface Control {
  /** Packets of the opposite direction that both taps have. */
  found: number;
  /** Packets that arrived at the other end and that this tap does not have. */
  missing: Packet[];
  /** RSTs of which the same holds: forged, or missed too. */
  resets: Packet[];
}

/** Chance that a tap which misses packets passes the control all the same: one in twenty. */
const SIGNIFICANCE = 0.05;

/** The positive control of the receiver's tap for one direction. */
export function controlOf(flow: FlowFacts, toward: Toward): Control {
  const back = opposite(toward);
  const found = flow.path(back, Row.PAIRS);
  if (flow.received(back, Row.WAITING) === 0) return { found, missing: [], resets: [] };
  const absent = flow.packets.filter(
    (p) => p.toward === back && p.received && !p.sent && !p.copy && !p.icmp && !(p.flags & Tcp.syn),
  );
  // What passed before a tap was open it did not miss.
  const tap = flow.senderTap(back);
  const { intake, taps } = flow.capture;
  const opened = intake.timeline.common(tap, taps[tap].first);
  const missing = absent.filter((p) => !isRst(p) && !(p.vouching?.level === 'failed' && p.at < opened));
  return { found, missing, resets: absent.filter(isRst) };
}

/**
 * Packets of the same direction that arrived without being seen to leave. They may be the lost ones, not
 * recognised; where they are as many, no loss is claimed.
 */
export function unexplainedArrivals(flow: FlowFacts, toward: Toward): Packet[] {
  if (flow.received(toward, Row.WAITING) === 0) return [];
  return flow.packets.filter(
    (p) =>
      p.toward === toward &&
      p.received &&
      !p.sent &&
      !p.icmp &&
      !(p.flags & (Tcp.syn | Tcp.rst)) &&
      !isCopy(p),
  );
}

/** Payload bytes of packets that the other end has not seen. */
export function bytesMissing(packets: readonly Packet[]): number {
  return packets.reduce((sum, p) => sum + p.length - p.covered, 0);
}

/** About as many bytes arrived that nobody saw leave: they may be the lost ones, cut or merged past recognition. */
export function mayHaveArrived(flow: FlowFacts, toward: Toward, gone: readonly Packet[]): boolean {
  const strangers = unexplainedArrivals(flow, toward);
  return strangers.length > 0 && bytesMissing(strangers) >= bytesMissing(gone) / 2;
}

/**
 * Whether it equals an earlier packet of its direction in every number. Without IP id, two duplicate ACKs of one
 * clock tick look the same and are still two.
 */
export function isCopy(p: Packet): boolean {
  return p.copy && (p.ipId !== 0 || p.length > 0);
}

/**
 * Something was seen at both ends while these were lost. Where nothing was, the receiver's tap may have been blind for that
 * time, and what it saw before is no control.
 */
export function isInterleaved(flow: FlowFacts, lost: readonly Packet[]): boolean {
  const times = lost.flatMap((p) => (p.sent ? [p.sent.time] : []));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const tap = lost[0]?.sent?.tap;
  return flow.packets.some((p) => {
    if (!p.sent || !p.received || p.icmp) return false;
    const { time } = p.sent.tap === tap ? p.sent : p.received;
    return time > from && time < to;
  });
}

/** True when a tap that lost `lost` of `sent` packets by itself would have failed the control. */
export function isSignificant(control: Control, lost: number, sent: number): boolean {
  if (control.missing.length + control.resets.length > 0 || sent === 0) return false;
  return (1 - Math.min(1, lost / sent)) ** control.found < SIGNIFICANCE;
}
