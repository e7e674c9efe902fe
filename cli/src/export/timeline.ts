import {
  type ClockReport,
  formatDuration,
  formatInstant,
  type Report,
  type TapReport,
} from '@bothends/proto';

/** One part per million. */
const PPM = 1e-6;

/** Leads the times of both taps to the client's clock, as far as the engine knows how the clocks stand. */
export class CommonTime {
  /** What was done to the times, for the reader of the file. */
  readonly comment: string;
  readonly #clock: ClockReport;

  /** `startNs` is when the client's tap saw its first packet: the moment that the offset is said for. */
  constructor({ clock, taps }: Report, startNs: bigint) {
    this.#clock = clock;
    const nameOf = (role: TapReport['role']) => taps.find((tap) => tap.role === role)?.name ?? role;
    this.comment = commentOf(clock, nameOf('client'), nameOf('server'), startNs);
  }

  /** ns to take from a time of this tap, that is `elapsedNs` after `startNs` on its own clock. */
  shiftNs(role: TapReport['role'], elapsedNs: number): number {
    const { offsetNs, driftPpm } = this.#clock;
    if (role === 'client' || offsetNs === null) return 0;
    return offsetNs + Math.round((driftPpm ?? 0) * PPM * (elapsedNs - offsetNs));
  }
}

function commentOf(
  { offsetNs, errorNs, driftPpm, method, steps }: ClockReport,
  client: string,
  server: string,
  startNs: bigint,
): string {
  if (offsetNs === null) {
    return `Times of each tap are its own clock's: nothing bounds how far the clocks of ${client} and ${server} are apart.`;
  }
  const error = errorNs === null ? 'with an unknown error' : `known to ± ${formatDuration(errorNs)}`;
  const drift = driftPpm === null ? '' : `, plus ${driftPpm * 1000} ns for each second since`;
  const stepped =
    steps.length === 0
      ? ''
      : ` A clock was set (${steps.length}×): times before the last time are not aligned.`;
  return `All times are the clock's of ${client}. From times of ${server} ${offsetNs} ns were taken at ${formatInstant(startNs)}${drift}; ${error} (from ${method}).${stepped}`;
}
