/** Options of pcapng blocks (draft-ietf-opsawg-pcapng): code, length, value padded to four bytes. */

const END_OF_OPTIONS = 0;
const OPTION_HEADER = 4;

/** A region of a block in its section's byte order. */
export interface Region {
  readonly view: DataView;
  readonly littleEndian: boolean;
  readonly start: number;
  readonly end: number;
}

/** Calls `visit(code, at, length)` for each option; stops at a damaged one. */
export function eachOption(region: Region, visit: (code: number, at: number, length: number) => void): void {
  const { view, littleEndian, end } = region;
  let at = region.start;
  while (at + OPTION_HEADER <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + OPTION_HEADER;
    if (code === END_OF_OPTIONS || value + length > end) return;
    visit(code, value, length);
    at = value + padded(length);
  }
}

/** Value of a four-byte option, or `absent`; called per packet, so it allocates nothing. */
export function option32(
  view: DataView,
  littleEndian: boolean,
  start: number,
  end: number,
  code: number,
): number {
  let at = start;
  while (at + OPTION_HEADER <= end) {
    const found = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    at += OPTION_HEADER;
    if (found === END_OF_OPTIONS || at + length > end) return 0;
    if (found === code && length === 4) return view.getUint32(at, littleEndian);
    at += padded(length);
  }
  return 0;
}

/** Length rounded up to the four-byte grid of pcapng. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

export function text(region: Region, at: number, length: number): string {
  const bytes = new Uint8Array(region.view.buffer, region.view.byteOffset + at, length);
  return new TextDecoder().decode(bytes).replace(/\0+$/, '');
}

/** 64-bit count in the section's byte order; counts above 2^53 lose precision. */
export function count64(region: Region, at: number): number {
  return Number(region.view.getBigUint64(at, region.littleEndian));
}

/** A pcapng time stamp is two words, the high one first in either byte order. */
export function ticks(region: Region, at: number): bigint {
  const { view, littleEndian } = region;
  return (BigInt(view.getUint32(at, littleEndian)) << 32n) | BigInt(view.getUint32(at + 4, littleEndian));
}
