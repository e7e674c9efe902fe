import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import type { Batch } from '../gen/bothends/v1/packet.js';
import { batchPieces } from './batch-bytes.js';

/** Field 11 with a length of 64, as protobuf encodes what stands before the bytes of a signature. */
const SIGNATURE_HEAD = Buffer.of((11 << 3) | 2, 64);
const SIGNATURE_BYTES = 64;

/**
 * What the next batch of the tap carries as `previous`: SHA-256 over a batch without its coverage and signature.
 * Coverage is left out because it learns of losses while the batch waits to be shipped; the packets never change.
 */
export function linkOf({ coverage, signature, ...rest }: Batch): Buffer {
  const hash = createHash('sha256');
  for (const piece of batchPieces({ ...rest, coverage: undefined })) hash.update(piece);
  return hash.digest();
}

/** The batch with the signature of its agent over everything in it. */
export function signBatch({ signature, ...unsigned }: Batch, key: KeyObject): Batch {
  return { ...unsigned, signature: sign(null, Buffer.concat(batchPieces(unsigned)), key) };
}

/**
 * Whether the bytes of a batch end in a signature of this key over all that stands before it. The bytes are not
 * decoded for this, so that fields which this version does not know are covered too.
 */
export function isSignedBy(bytes: Uint8Array, key: KeyObject): boolean {
  const end = bytes.length - SIGNATURE_BYTES;
  const head = end - SIGNATURE_HEAD.length;
  if (head < 0 || !SIGNATURE_HEAD.equals(bytes.subarray(head, end))) return false;
  return verify(null, bytes.subarray(0, head), key, bytes.subarray(end));
}
