/**
 * The one way to write a report: keys in the order of the contract's types, two-space indent, a final
 * newline. The same report is always the same bytes.
 */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Elements of a list that are written together: some 50 kB of flows. */
const TOGETHER = 64;

/**
 * The same bytes as `canonicalJson`, piece by piece: a report on 100 000 flows is 60 MB of text, which need not
 * be in memory as a whole to be passed on.
 */
export function* canonicalJsonPieces(object: object): Generator<string> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return yield canonicalJson(object);
  let before = '{\n';
  for (const [key, value] of entries) {
    yield `${before}  ${JSON.stringify(key)}: `;
    if (Array.isArray(value) && value.length > TOGETHER) yield* listPieces(value);
    else yield indented(value);
    before = ',\n';
  }
  yield '\n}\n';
}

/** A list that is a value of the outermost object. */
function* listPieces(list: readonly unknown[]): Generator<string> {
  for (let from = 0; from < list.length; from += TOGETHER) {
    // Without the brackets, each with its end of a line.
    const piece = indented(list.slice(from, from + TOGETHER)).slice(1, -'\n  ]'.length);
    yield from === 0 ? `[${piece}` : `,${piece}`;
  }
  yield '\n  ]';
}

/** What stands before and behind the one value of an object. */
const [BEFORE, BEHIND] = ['{\n  "": ', '\n}'] as const;

/** A value of the outermost object. */
function indented(value: unknown): string {
  return JSON.stringify({ '': value }, null, 2).slice(BEFORE.length, -BEHIND.length);
}
