import type { Packet } from '../../facts/packet.js';

/** `3 of 120 segments (2.5 %)`. */
export function share(lost: number, sent: number, what: string): string {
  const unit = sent === 1 ? what : `${what}s`;
  return sent === 0 ? `${lost} ${unit}` : `${lost} of ${sent} ${unit} (${percent(lost, sent)})`;
}

/** With one digit below ten percent, none above. */
export function percent(part: number, whole: number): string {
  const value = (100 * part) / whole;
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

/** Longest run of transmissions lost one after the other: `isNext` tells whether the second followed the first. */
export function longestBurst(lost: readonly Packet[], isNext: (a: Packet, b: Packet) => boolean): number {
  let longest = 0;
  let run = 0;
  let before: Packet | null = null;
  for (const p of lost) {
    run = before && isNext(before, p) ? run + 1 : 1;
    longest = Math.max(longest, run);
    before = p;
  }
  return longest;
}
