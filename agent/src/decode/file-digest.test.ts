import { DIGEST_PREFIX } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { FileDigest } from './file-digest.js';

const digest = new FileDigest();
/** Both halves of the digest of `length` bytes that lie `at` bytes into their memory. */
function of(bytes: Uint8Array, length = bytes.length, at = 0): readonly [number, number] {
  const memory = new Uint8Array(at + bytes.length + 16).fill(0xee);
  memory.set(bytes, at);
  digest.ofPayload(new DataView(memory.buffer), at, length);
  return [digest.result[0] as number, digest.result[1] as number];
}

const payload = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff);

describe('FileDigest', () => {
  it('depends on the bytes alone, not on where they lie or what follows them', () => {
    for (const length of [1, 5, 16, 17, 63]) expect(of(payload, length, 3)).toEqual(of(payload, length));
    expect(of(payload.subarray(0, 20))).toEqual(of(payload, 20));
  });

  it('changes with every bit and with the length', () => {
    const seen = new Set([of(payload)[1]]);
    for (let bit = 0; bit < 64 * 8; bit++) {
      const changed = Uint8Array.from(payload);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      seen.add(of(changed)[1]);
    }
    for (let length = 1; length < 64; length++) seen.add(of(new Uint8Array(64), length)[1]);
    expect(seen.size).toBe(1 + 64 * 8 + 63);
  });

  it('has the digest of the first bytes in its high half, whatever follows', () => {
    const [prefix] = of(payload, DIGEST_PREFIX);
    for (const length of [17, 32, 64]) expect(of(payload, length)[0]).toBe(prefix);
    const changed = Uint8Array.from(payload, (byte, i) => (i === 3 ? byte + 1 : byte));
    expect(of(changed)[0]).not.toBe(prefix);
  });
});
