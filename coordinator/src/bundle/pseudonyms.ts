import { createCipheriv } from 'node:crypto';
import { formatAddress, type PacketTable, parseAddress } from '@bothends/proto';

/** An AES key and the seed of the padding. */
export const PSEUDONYM_KEY_BYTES = 32;
const AES_BLOCK = 16;
/** IPv4 addresses are stored IPv4-mapped; this is the third word of one. */
const MAPPED = 0xffff;
const V4_BITS = 32;
const V6_BITS = 128;

/**
 * Replaces addresses consistently and keeps common prefixes common, in the way of Crypto-PAn (Xu, Fan, Ammar, Moon,
 * 2002): each bit is flipped or not by a keyed function of the bits before it. Who does not have the key learns which
 * addresses share a prefix, and nothing else. `key` has PSEUDONYM_KEY_BYTES bytes.
 */
export class Pseudonyms {
  readonly #key: Uint8Array;
  readonly #pad: Buffer;
  readonly #known = new Map<string, Uint32Array>();

  constructor(key: Uint8Array) {
    this.#key = key.subarray(0, AES_BLOCK);
    this.#pad = this.#encrypt(Buffer.from(key.subarray(AES_BLOCK, PSEUDONYM_KEY_BYTES)));
  }

  /** The address in text as its pseudonym; null when it is no address. */
  address(text: string): string | null {
    const words = parseAddress(text);
    if (words === null) return null;
    this.#replace(words, 0);
    return formatAddress(words, 0);
  }

  /** Replaces the addresses of all rows, and the digests of the link's, in place. */
  table(table: PacketTable): void {
    for (let row = 0; row < table.length; row++) {
      if (table.ipVersion[row] !== 0) {
        this.#replace(table.source, row * 4);
        this.#replace(table.destination, row * 4);
      }
      if (table.quotedProtocol[row] !== 0) {
        this.#replace(table.quotedSource, row * 4);
        this.#replace(table.quotedDestination, row * 4);
      }
      table.sourceMac[row] = this.#digest(table.sourceMac[row]);
      table.destinationMac[row] = this.#digest(table.destinationMac[row]);
    }
  }

  /** `words` at `offset`: four words of an address column. The unspecified address stays what it is. */
  #replace(words: Uint32Array, offset: number): void {
    const address = words.subarray(offset, offset + 4);
    const key = address.join();
    let pseudonym = this.#known.get(key);
    if (pseudonym === undefined) {
      pseudonym = this.#permuted(address);
      this.#known.set(key, pseudonym);
    }
    address.set(pseudonym);
  }

  #permuted(address: Uint32Array): Uint32Array {
    const v4 = address[0] === 0 && address[1] === 0 && address[2] === MAPPED;
    if (address.subarray(v4 ? 3 : 0).every((word) => word === 0)) return Uint32Array.from(address);
    if (!v4) return this.#permute(address, V6_BITS);
    return Uint32Array.of(0, 0, MAPPED, this.#permute(address.subarray(3), V4_BITS)[0] ?? 0);
  }

  /** Bit i is turned by the first bit of AES over bits 0..i-1, filled up with the padding. */
  #permute(words: Uint32Array, bits: number): Uint32Array {
    const blocks = Buffer.alloc(bits * AES_BLOCK);
    for (let i = 0; i < bits; i++) this.#prefixBlock(words, i, blocks.subarray(i * AES_BLOCK));
    const turned = this.#encrypt(blocks);
    const result = Uint32Array.from(words);
    for (let i = 0; i < bits; i++) result[i >> 5] ^= (turned[i * AES_BLOCK] >>> 7) << (31 - (i & 31));
    return result;
  }

  #prefixBlock(words: Uint32Array, prefix: number, block: Buffer): void {
    this.#pad.copy(block, 0, 0, AES_BLOCK);
    for (let word = 0; word * 32 < prefix; word++) {
      const kept = Math.min(32, prefix - word * 32);
      // A shift by 32 would be one by 0.
      const rest = kept === 32 ? 0 : 0xffffffff >>> kept;
      const value = (words[word] & ~rest) | (this.#pad.readUInt32BE(word * 4) & rest);
      block.writeUInt32BE(value >>> 0, word * 4);
    }
  }

  /** 0 stands for "none" and stays. */
  #digest(mac: number): number {
    if (mac === 0) return 0;
    const known = this.#known.get(`${mac}`);
    if (known) return known[0];
    const block = Buffer.from(this.#pad);
    block.writeUInt32BE(mac, AES_BLOCK - 4);
    const digest = this.#encrypt(block).readUInt32BE(0);
    this.#known.set(`${mac}`, Uint32Array.of(digest));
    return digest;
  }

  /** Whole blocks, each for itself: here a block cipher is a keyed function, and hides nothing by itself. */
  #encrypt(blocks: Buffer): Buffer {
    const cipher = createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false);
    return cipher.update(blocks);
  }
}
