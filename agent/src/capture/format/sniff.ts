/** Which capture format some first bytes are, or what they are instead. */

export type Sniffed =
  | { readonly kind: 'pcap' }
  | { readonly kind: 'pcapng' }
  | { readonly kind: 'gzip' }
  /** Too few bytes to tell. */
  | { readonly kind: 'short' }
  | { readonly kind: 'foreign'; readonly looksLike: string };

/** Magic numbers of pcap, read big-endian: microseconds, nanoseconds, Kuznetzov's variant; then byte-swapped. */
const PCAP_MAGICS: readonly number[] = [
  0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xd4c3b2a1, 0x4d3cb2a1, 0x34cdb2a1,
];
/** Block type of a section header; the same in both byte orders. */
const PCAPNG_MAGIC = 0x0a0d0d0a;
const GZIP_MAGIC = 0x1f8b;

/** First bytes, in hex, of what people pass by mistake. */
const FOREIGN: readonly (readonly [string, string])[] = [
  ['28b52ffd', 'zstd-compressed data: run "zstd -d" on it first'],
  ['fd377a58', 'xz-compressed data: run "xz -d" on it first'],
  ['425a68', 'bzip2-compressed data: run "bzip2 -d" on it first'],
  ['04224d18', 'lz4-compressed data: run "lz4 -d" on it first'],
  ['504b0304', 'a zip archive: unpack it first'],
  ['736e6f6f70', 'a Solaris snoop capture: convert it with "editcap -F pcapng"'],
  ['474d4255', 'a Microsoft Network Monitor capture: convert it with "editcap -F pcapng"'],
  ['52545353', 'a Microsoft Network Monitor capture: convert it with "editcap -F pcapng"'],
  ['5452534e', 'a NetXRay or Sniffer capture: convert it with "editcap -F pcapng"'],
  ['7f454c46', 'a program'],
  ['53514c69', 'an SQLite database'],
];

/** Bytes that decide. */
export const SNIFF_BYTES = 8;

/** Which format a file is, from its first bytes. */
export function sniff(bytes: Uint8Array): Sniffed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 2 && view.getUint16(0) === GZIP_MAGIC) return { kind: 'gzip' };
  if (bytes.length < 4) return { kind: 'short' };
  const magic = view.getUint32(0);
  if (PCAP_MAGICS.includes(magic)) return { kind: 'pcap' };
  if (magic === PCAPNG_MAGIC) return { kind: 'pcapng' };
  return { kind: 'foreign', looksLike: describe(bytes) };
}

function describe(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, SNIFF_BYTES)).toString('hex');
  const known = FOREIGN.find(([magic]) => head.startsWith(magic));
  if (known !== undefined) return known[1];
  const printable = bytes
    .subarray(0, 64)
    .every((b) => b === 9 || b === 10 || b === 13 || (b >= 32 && b < 127));
  if (printable) return 'text: record with "tcpdump -w FILE", which saves packets instead of printing them';
  return `unknown data (it starts with ${head})`;
}
