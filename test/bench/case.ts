/** One figure of a case, beside what it is to be compared with where there is something. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Against another figure of the same case: `1.4 times tcptrace`. */
  readonly compared?: string;
}

/** What the cases share. */
export interface Bench {
  /** A folder for files, removed at the end. */
  readonly folder: string;
  /** Packets in each file of an analysis. */
  readonly packets: number;
  /** Rounds of what is measured repeatedly; medians are printed. */
  readonly rounds: number;
  /** Monotonic clock, ns. */
  readonly now: () => bigint;
  /** Says what is going on, or why something is left out. */
  readonly say: (text: string) => void;
}

/** One named measurement. */
export interface Case {
  readonly name: string;
  /** What is measured, in one line. */
  readonly title: string;
  run(bench: Bench): Promise<readonly Figure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
