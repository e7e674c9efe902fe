import * as Row from '../flows/rows.js';
import type { Vouching } from '../taps.js';
import type { Packet } from './packet.js';

/** What is asked of a flow. */
interface Flow {
  senderTap(toward: Packet['toward']): 0 | 1;
  receiverTap(toward: Packet['toward']): 0 | 1;
  /** A word of the rows of one direction. */
  path(toward: Packet['toward'], word: number): number;
  vouch(tap: 0 | 1, from: number, to: number): Vouching;
}

/**
 * A second way for the receiver's tap to vouch for a loss, where its capture is too short for the general one: a path
 * keeps packets nearly in order, so what left after one delivered packet and before another would have arrived between
 * the two, and then the tap was capturing. Changes the fate of packets that only this can tell about.
 */
export function vouchInOrder(flow: Flow, packets: readonly Packet[]): void {
  const before: Record<Packet['toward'], number> = {
    'toward-server': Number.NaN,
    'toward-client': Number.NaN,
  };
  for (const p of packets) {
    if (p.icmp || !p.sent) continue;
    if (p.received) before[p.toward] = p.received.time;
    else if (p.fate === 'unknown') judge(flow, p, before[p.toward]);
  }
}

function judge(flow: Flow, p: Packet, from: number): void {
  const atSender = flow.senderTap(p.toward) === 0;
  const last = flow.path(p.toward, atSender ? Row.TOP_NUMBER_0 : Row.TOP_NUMBER_1);
  const to = flow.path(p.toward, atSender ? Row.TOP_TIME_1 : Row.TOP_TIME_0);
  if (!p.sent || p.sent.number >= last || !(from <= to)) return;
  const word = flow.vouch(flow.receiverTap(p.toward), from, to);
  if (word.level === 'failed' || word.level === 'open') return;
  p.fate = 'lost';
  p.vouching = { level: word.level, why: `${word.why}; packets sent before and after it arrived` };
}
