/**
 * Differences of the two taps' times (tap 1 − tap 0) over time, for packets of either direction: less the difference of the
 * clocks they are the time on the way. Equal columns whose number is bounded whatever the capture's length.
 */

/** Columns kept: more than a plot shows, and 16 KB. */
export const COLUMNS = 256;
/** Width of a column at first, ns: a capture of a quarter of a second fills the plot. */
const FIRST_WIDTH = 1_000_000;

/** What packets from one tap to the other took, by column; all in ns. */
export interface DifferenceColumns {
  /** +∞ and −∞ where there was no packet. */
  least: Float64Array;
  greatest: Float64Array;
  sum: Float64Array;
  count: Float64Array;
}

/** Keeps the differences by column, and makes columns wider as the capture grows. */
export class Differences {
  /** Width of a column, ns. */
  width = FIRST_WIDTH;
  /** By the tap that the packet left. */
  readonly bySender: readonly [DifferenceColumns, DifferenceColumns] = [emptyColumns(), emptyColumns()];

  /** @param at time at tap 0, ns from its base; what is before that counts to the first column */
  add(sender: 0 | 1, at: number, difference: number): void {
    let column = Math.max(0, Math.floor(at / this.width));
    while (column >= COLUMNS) {
      this.widen();
      column = Math.floor(at / this.width);
    }
    const { least, greatest, sum, count } = this.bySender[sender];
    if (difference < least[column]) least[column] = difference;
    if (difference > greatest[column]) greatest[column] = difference;
    sum[column] += difference;
    count[column]++;
  }

  /** Makes every two columns one. */
  private widen(): void {
    this.width *= 2;
    for (const { least, greatest, sum, count } of this.bySender) {
      for (let i = 0; i < COLUMNS; i++) {
        const [a, b] = [2 * i, 2 * i + 1];
        const isFilled = a < COLUMNS;
        least[i] = isFilled ? Math.min(least[a], least[b]) : Number.POSITIVE_INFINITY;
        greatest[i] = isFilled ? Math.max(greatest[a], greatest[b]) : Number.NEGATIVE_INFINITY;
        sum[i] = isFilled ? sum[a] + sum[b] : 0;
        count[i] = isFilled ? count[a] + count[b] : 0;
      }
    }
  }
}

function emptyColumns(): DifferenceColumns {
  return {
    least: new Float64Array(COLUMNS).fill(Number.POSITIVE_INFINITY),
    greatest: new Float64Array(COLUMNS).fill(Number.NEGATIVE_INFINITY),
    sum: new Float64Array(COLUMNS),
    count: new Float64Array(COLUMNS),
  };
}
