/**
 * Versions of what agent and coordinator say to each other. A change that the other side may ignore (a new field, a new
 * message) leaves the number alone. One that it may not ignore raises PROTOCOL, and OLDEST_PROTOCOL follows one release
 * later, so that agents and coordinators of two releases in a row understand each other, whichever is upgraded first.
 */
export const PROTOCOL = 1;
/** Oldest version that this release still speaks. */
export const OLDEST_PROTOCOL = 1;

/** The versions that one side speaks, both included. */
export interface ProtocolRange {
  readonly oldest: number;
  readonly newest: number;
}

const OWN: ProtocolRange = { oldest: OLDEST_PROTOCOL, newest: PROTOCOL };

/** The newest version that both sides speak; null when there is none. */
export function newestCommon(other: ProtocolRange, own: ProtocolRange = OWN): number | null {
  const newest = Math.min(other.newest, own.newest);
  return newest >= Math.max(other.oldest, own.oldest) ? newest : null;
}
