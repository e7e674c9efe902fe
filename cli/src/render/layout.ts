/** Layout of plain text in character cells; one code point counts as one cell. */

/** Cells that a text takes on a terminal. */
export function cells(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** Text cut to `width` cells, its end shown as `…`. */
export function fit(text: string, width: number): string {
  if (cells(text) <= width) return text;
  return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Text filled with spaces to `width` cells. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cells(text)));
}

/** Text behind as many spaces as fill `width` cells. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - cells(text))) + text;
}

/**
 * Text wrapped at spaces to `width` cells: the first line begins with `first`, the others with as many
 * spaces. A word longer than a line stays whole, and so does code between back quotes: both are there to be copied.
 */
export function wrap(text: string, width: number, first = ''): string[] {
  const indent = ' '.repeat(cells(first));
  const room = Math.max(20, width - cells(first));
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.match(WORDS) ?? []) {
      if (line !== '' && cells(line) + 1 + cells(word) > room) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line, i) => `${i === 0 ? first : indent}${line}`.trimEnd());
}

/**
 * Words. Code between back quotes with what touches it counts as one, and so does a number with its thousands set apart,
 * and one with its unit.
 */
const WORDS =
  /[^\s`]*`[^`]*`\S*|\d{1,3}(?: \d{3})+(?!\d)\S*|[-−\d.]*\d (?:ns|µs|ms|s|min|h|d|B|kB|MB|GB|ppm|%)(?!\w)\S*|\S+/g;

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A table as lines: a header and one line per row, columns two spaces apart, each line cut to `width`. */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columns.map((column, i) =>
    Math.max(cells(column.title), ...rows.map((row) => cells(row[i] ?? ''))),
  );
  const line = (row: readonly string[]) =>
    columns
      .map((column, i) => (column.align === 'right' ? padStart : padEnd)(row[i] ?? '', widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [columns.map((c) => c.title), ...rows].map((row) => fit(line(row), width));
}

/**
 * Text from another host made safe to print: control characters, which could drive the terminal, and the
 * marks that turn the direction of writing become U+FFFD.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, '\ufffd');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
