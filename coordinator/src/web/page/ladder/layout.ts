import type { LadderRow } from '@bothends/proto';
import { NS_PER_S } from '@bothends/proto/time/nanoseconds';
import type { PacketMark } from '../routes.js';

/** What stands on one line of the ladder: a packet, or silence. */
export type Line = { kind: 'packet'; row: number } | { kind: 'idle'; ns: number };

/** Silence that gets a line of its own: shorter gaps are ordinary round trips and timers. */
const IDLE_NS = NS_PER_S;

/** The lines of a ladder, and where each row stands. */
export interface Layout {
  lines: Line[];
  /** Line of each row. */
  lineOf: number[];
}

export function layOut(rows: readonly LadderRow[]): Layout {
  const lines: Line[] = [];
  const lineOf: number[] = [];
  for (const [i, row] of rows.entries()) {
    const silence = i === 0 ? 0 : row.timeNs - (rows[i - 1]?.timeNs ?? row.timeNs);
    if (silence >= IDLE_NS) lines.push({ kind: 'idle', ns: silence });
    lineOf.push(lines.length);
    lines.push({ kind: 'packet', row: i });
  }
  return { lines, lineOf };
}

/** Lines [from, to) that a scrolled window shows, with some around it so that a fast hand sees no white. */
export function visibleLines(
  scrollTop: number,
  height: number,
  lineHeight: number,
  count: number,
): { from: number; to: number } {
  const around = 12;
  const from = Math.max(0, Math.floor(scrollTop / lineHeight) - around);
  const to = Math.min(count, Math.ceil((scrollTop + height) / lineHeight) + around);
  return { from, to: Math.max(from, to) };
}

/** Rows at which something is wrong or ends: lost, injected, repeated, RST. */
export function troubles(rows: readonly LadderRow[]): number[] {
  return rows.flatMap((row, i) => (isTrouble(row) ? [i] : []));
}

function isTrouble({ fate, flags, retransmissionOf }: LadderRow): boolean {
  return fate === 'lost' || fate === 'injected' || retransmissionOf !== null || flags.includes('R');
}

/** The row of a packet that evidence names, null where the ladder has none. */
export function rowOfPacket(rows: readonly LadderRow[], mark: PacketMark | null): number | null {
  if (mark === null) return null;
  const row = rows.findIndex(
    ({ clientNumber, serverNumber }) => (mark.end === 'client' ? clientNumber : serverNumber) === mark.number,
  );
  return row < 0 ? null : row;
}

/** The row that is nearest to a moment; rows are in the order of their times. */
export function rowNear(rows: readonly LadderRow[], timeNs: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.timeNs ?? 0) < timeNs) low = middle + 1;
    else high = middle;
  }
  return Math.max(low, 0);
}
