/**
 * TCP sequence arithmetic, modulo 2^32 (RFC 9293, section 3.4). Raw numbers are never compared with
 * `<`: use these.
 */

/** a − b as a signed 32-bit distance: negative when a is before b. */
export function sequenceDistance(a: number, b: number): number {
  return (a - b) | 0;
}

/** True when a comes before b. */
export function sequenceBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** a + n, wrapped to 32 bits unsigned. */
export function sequenceAdd(a: number, n: number): number {
  return (a + n) >>> 0;
}

/**
 * The unwrapped value of `raw` nearest to `reference`, so that one stream's numbers grow past 2^32.
 * `reference` is an earlier unwrapped value of the same stream (any raw value will do to begin with).
 */
export function unwrapSequence(reference: number, raw: number): number {
  return reference + ((raw - (reference % 0x1_0000_0000)) | 0);
}
