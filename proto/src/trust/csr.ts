import { type KeyObject, sign } from 'node:crypto';

/**
 * A PKCS#10 certificate request (RFC 2986) is all the ASN.1 that an agent writes; forty lines of DER keep a
 * certificate library, and its memory, out of a guest that should be light.
 */

/** DER tags (X.690). */
const Tag = { integer: 0x02, bitString: 0x03, utf8String: 0x0c, sequence: 0x30, set: 0x31, attributes: 0xa0 };

/** DER of OBJECT IDENTIFIER 2.5.4.3 and 1.2.840.10045.4.3.2. */
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');

/** DER of a request for a certificate on `keys` with `commonName` as its subject, signed with the key itself. */
export function createCsr(commonName: string, keys: { publicKey: KeyObject; privateKey: KeyObject }): Buffer {
  const name = der(Tag.sequence, COMMON_NAME, der(Tag.utf8String, Buffer.from(commonName, 'utf8')));
  const info = der(
    Tag.sequence,
    der(Tag.integer, Buffer.of(0)),
    der(Tag.sequence, der(Tag.set, name)),
    keys.publicKey.export({ format: 'der', type: 'spki' }),
    der(Tag.attributes),
  );
  const signature = sign('sha256', info, keys.privateKey);
  // The first byte of a bit string counts its unused bits.
  const bits = der(Tag.bitString, Buffer.of(0), signature);
  return der(Tag.sequence, info, der(Tag.sequence, ECDSA_WITH_SHA256), bits);
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), derLength(content.length), content]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}
