/** Reflected generator polynomial of CRC-32 (IEEE 802.3), the one that zip, PNG and Ethernet use. */
const POLYNOMIAL = 0xedb88320;

/** Bytes taken at once. One by one, each would wait for the table look-up of the byte before. */
const SLICE = 8;

/** SLICE tables of 256: table k has the remainder of each byte when k zero bytes follow it. */
const TABLES = remainders();

function remainders(): Int32Array {
  const tables = new Int32Array(SLICE << 8);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
    }
    tables[byte] = remainder;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256];
    tables[i] = tables[shorter & 0xff] ^ (shorter >>> 8);
  }
  return tables;
}

/**
 * CRC-32 (IEEE) of `bytes`, unsigned. `previous` is the CRC of what came before, so that a long message
 * can be summed in pieces.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const t = TABLES;
  const slicesEnd = bytes.length - (bytes.length % SLICE);
  let crc = ~previous;
  let i = 0;
  for (; i < slicesEnd; i += SLICE) {
    const low = crc ^ (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    crc =
      t[0x700 | (low & 0xff)] ^
      t[0x600 | ((low >>> 8) & 0xff)] ^
      t[0x500 | ((low >>> 16) & 0xff)] ^
      t[0x400 | (low >>> 24)] ^
      t[0x300 | bytes[i + 4]] ^
      t[0x200 | bytes[i + 5]] ^
      t[0x100 | bytes[i + 6]] ^
      t[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = t[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
