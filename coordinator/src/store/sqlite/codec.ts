/**
 * Times in captures are bigint, which JSON has no form for: they are written as `{"$bigint": "123"}`. No
 * string of a user can be mistaken for that.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, field) =>
    typeof field === 'bigint' ? { $bigint: field.toString() } : field,
  );
}

/** The value that `toJson` wrote. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_key, field) =>
    typeof field === 'object' && field !== null && typeof field.$bigint === 'string'
      ? BigInt(field.$bigint)
      : field,
  );
}
