import type { PacketTable } from '@bothends/proto';
import { contentOf } from './content.js';

/** Part of the differences at either end that counts for nothing: packets that pair with another one's repetition. */
const OUTLIERS = 0.1;

/** Rows looked at: each time stamp tells as much as the next. */
const EXAMINED = 1024;

/**
 * How far apart two taps are in time, in ns, on any clocks: from packets of both directions that are in these tables of
 * both. 0: each packet was at both at once, as clocks run. null: these tables do not tell.
 */
export function distanceBetween(first: PacketTable, second: PacketTable): number | null {
  const rows = new Map<number, number>();
  for (let row = 0; row < Math.min(EXAMINED, first.length); row++) {
    const content = contentOf(first, row);
    if (content >= 0 && !rows.has(content)) rows.set(content, row);
  }
  const bases = Number(second.baseNs - first.baseNs);
  const differences: [number[], number[]] = [[], []];
  for (let row = 0; row < Math.min(EXAMINED, second.length); row++) {
    const other = rows.get(contentOf(second, row));
    if (other === undefined) continue;
    differences[directionOf(second, row)].push(
      bases + (second.time[row] as number) - (first.time[other] as number),
    );
  }
  const [there, back] = differences.map((each) => Float64Array.from(each).sort()) as [
    Float64Array,
    Float64Array,
  ];
  if (there.length === 0 || back.length === 0) return null;
  const all = Float64Array.of(...there, ...back).sort();
  return Math.max(Math.abs(at(there, 0.5) - at(back, 0.5)), at(all, 1 - OUTLIERS) - at(all, OUTLIERS));
}

/** Which way a packet goes; only that both ways differ matters. */
function directionOf(table: PacketTable, row: number): 0 | 1 {
  for (let word = row * 4; word < row * 4 + 4; word++) {
    const from = table.source[word] as number;
    const to = table.destination[word] as number;
    if (from !== to) return from < to ? 0 : 1;
  }
  return (table.sourcePort[row] as number) < (table.destinationPort[row] as number) ? 0 : 1;
}

/** The number at a share of the way through a sorted list. */
function at(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
