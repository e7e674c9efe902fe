import type { ErrorCode } from '@bothends/proto';

/** Where a tap is in its life. `markerNs` is when the marker was seen leaving, 0 when it was not (epoch ns). */
export type TapPhase =
  /** Policy, filter, back end, marker: nothing is promised yet. */
  | { readonly state: 'arming' }
  /** Open and delivering; waits for the others of its capture. */
  | { readonly state: 'armed'; readonly markerNs: bigint }
  | { readonly state: 'recording'; readonly markerNs: bigint }
  /** Told to stop, or a ceiling was reached; records on for the lead-out, so that late packets are not "lost". */
  | { readonly state: 'draining'; readonly markerNs: bigint }
  /** Closed by intention; its evidence may still be on the way. */
  | { readonly state: 'complete'; readonly markerNs: bigint }
  /** Ended otherwise; what it took before still counts. */
  | { readonly state: 'failed'; readonly code: ErrorCode; readonly reason: string }
  /** The policy of the host does not allow it; nothing was opened. */
  | { readonly state: 'refused'; readonly code: ErrorCode; readonly reason: string };

/** True once the tap takes no more packets. */
export function hasEnded(phase: TapPhase): boolean {
  return phase.state === 'complete' || phase.state === 'failed' || phase.state === 'refused';
}

/** When the marker was seen, 0 when not. */
export function markerOf(phase: TapPhase): bigint {
  return 'markerNs' in phase ? phase.markerNs : 0n;
}
