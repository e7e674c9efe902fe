import { describe, expect, it } from 'vitest';
import { FILE_DIGEST_KEY, KeyedDigest } from './digest.js';

/** Key and first 64 bits of the tags that Chaskey's authors published for the messages 00, 00 01, 00 01 02, … */
const PUBLISHED_KEY = [0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39];
const PUBLISHED_TAGS: readonly (readonly [length: number, high: number, low: number])[] = [
  [1, 0x13a9307b, 0x50e62c89],
  [2, 0x55df8922, 0x2c7ff577],
  [15, 0x51b94da4, 0xefcc4de8],
  [16, 0x79271ca9, 0xd66a1c71],
  [17, 0x048da968, 0x4e25d096],
];

function keyOf(words: readonly number[]): Uint8Array {
  const key = new Uint8Array(16);
  const view = new DataView(key.buffer);
  for (const [i, word] of words.entries()) view.setUint32(i * 4, word, true);
  return key;
}

describe('KeyedDigest', () => {
  it.each(PUBLISHED_TAGS)('gives the published tag of %i bytes', (length, high, low) => {
    const digest = new KeyedDigest(keyOf(PUBLISHED_KEY));
    const message = Uint8Array.from({ length: 64 }, (_, i) => i);
    digest.of(new DataView(message.buffer), 0, length);
    expect([...digest.result]).toEqual([high, low]);
  });

  it('does not depend on where the bytes lie', () => {
    const digest = new KeyedDigest(FILE_DIGEST_KEY);
    const text = new TextEncoder().encode('bytes in the middle');
    const shifted = Uint8Array.of(9, 9, 9, ...text, 9);
    digest.of(new DataView(shifted.buffer), 3, text.length);
    const inside = [...digest.result];
    digest.scratch.set(text);
    digest.ofScratch(text.length);
    expect([...digest.result]).toEqual(inside);
  });

  it('gives payloads that agree in their first sixteen bytes the same high half, whatever follows', () => {
    const digest = new KeyedDigest(FILE_DIGEST_KEY);
    const payload = Uint8Array.from({ length: 64 }, (_, i) => i * 3);
    const changed = Uint8Array.from(payload, (byte, i) => (i === 40 ? byte + 1 : byte));
    const of = (bytes: Uint8Array, length: number) => {
      digest.ofPayload(new DataView(bytes.buffer), 0, length);
      return [...digest.result];
    };
    const [prefix] = of(payload, 16);
    for (const length of [17, 31, 32, 64]) expect(of(payload, length)[0]).toBe(prefix);
    expect(of(changed, 64)[0]).toBe(prefix);
    expect(of(changed, 64)[1]).not.toBe(of(payload, 64)[1]);
    expect(
      of(
        Uint8Array.from(payload, (byte) => byte ^ 1),
        64,
      )[0],
    ).not.toBe(prefix);
  });

  it('refuses a key of another length', () => {
    expect(() => new KeyedDigest(new Uint8Array(8))).toThrow('8 bytes');
  });

  it('never gives an address the digest that means absent', () => {
    const digest = new KeyedDigest(FILE_DIGEST_KEY);
    const seen = new Set<number>();
    for (let low = 0; low < 50_000; low++) seen.add(digest.ofMac(0x0200, low));
    expect(seen.has(0)).toBe(false);
    expect(seen.size).toBeGreaterThan(49_990);
  });
});
