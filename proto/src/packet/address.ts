/** Text of the address in four words at `offset` of an address column; IPv4-mapped prints dotted. */
export function formatAddress(words: Uint32Array, offset: number): string {
  const a = words[offset] as number;
  const b = words[offset + 1] as number;
  const c = words[offset + 2] as number;
  const d = words[offset + 3] as number;
  if (a === 0 && b === 0 && c === 0xffff) {
    return `${d >>> 24}.${(d >>> 16) & 255}.${(d >>> 8) & 255}.${d & 255}`;
  }
  return formatGroups([
    a >>> 16,
    a & 0xffff,
    b >>> 16,
    b & 0xffff,
    c >>> 16,
    c & 0xffff,
    d >>> 16,
    d & 0xffff,
  ]);
}

/** RFC 5952 text of eight 16-bit groups: lower case, the longest run of two or more zeros as `::`. */
function formatGroups(groups: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
  }
  const hex = (part: readonly number[]) => part.map((g) => g.toString(16)).join(':');
  if (start < 0) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** Four words of an address in text, IPv4 as IPv4-mapped; null when it is neither family. */
export function parseAddress(text: string): Uint32Array | null {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4) {
    const bytes = v4.slice(1).map(Number);
    if (bytes.some((b) => b > 255)) return null;
    const word = bytes.reduce((sum, b) => sum * 256 + b, 0);
    return Uint32Array.of(0, 0, 0xffff, word);
  }
  return parseV6(text);
}

function parseV6(text: string): Uint32Array | null {
  const halves = text.split('%')[0]?.split('::') ?? [];
  if (halves.length > 2 || !text.includes(':')) return null;
  const groupsOf = (part: string | undefined) => (part ? part.split(':') : []);
  const head = groupsOf(halves[0]);
  const tail = groupsOf(halves[1]);
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => '0'), ...tail];
  if (groups.some((g) => !/^[0-9a-fA-F]{1,4}$/.test(g))) return null;
  const n = groups.map((g) => Number.parseInt(g, 16));
  return Uint32Array.from([0, 2, 4, 6], (i) => (n[i] as number) * 0x10000 + (n[i + 1] as number));
}
