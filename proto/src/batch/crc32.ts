/** Reflected generator polynomial of CRC-32 (IEEE 802.3), the one that zip, PNG and Ethernet use. */
const POLYNOMIAL = 0xedb88320;

const TABLE = remainders();

function remainders(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
    }
    table[byte] = remainder;
  }
  return table;
}

/**
 * CRC-32 (IEEE) of `bytes`, unsigned. `previous` is the CRC of what came before, so that a long message
 * can be summed in pieces.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) {
    crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
