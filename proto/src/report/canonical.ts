/**
 * The one way to write a report: keys in the order of the contract's types, two-space indent, a final
 * newline. The same report is always the same bytes.
 */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
