/** The earlier of two times in ns. */
export function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** The later of two times in ns. */
export function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
