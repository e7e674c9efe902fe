import { ShipRequest } from '../gen/bothends/v1/agent.js';
import { Batch } from '../gen/bothends/v1/packet.js';

/** What protobuf writes before the bytes of a field: its number and the type "length-delimited", then the length. */
const COLUMNS_TAG = (7 << 3) | 2;
const REQUEST_BATCH_TAG = (1 << 3) | 2;

const NOTHING = Batch.decode(new Uint8Array(0));
const NO_COLUMNS = Buffer.alloc(0);

/**
 * A batch as `Batch.encode` writes it, in consecutive pieces. The columns, nearly all of it, are one of the
 * pieces and are not copied; the encoder would copy them three times, into memory that it clears first.
 */
export function batchPieces(batch: Batch): Uint8Array[] {
  const { columns } = batch;
  if (columns.length === 0) return [Batch.encode(batch).finish()];
  const { tapId, sequence, count, firstNs, lastNs, codec, ...behind } = batch;
  const before = Batch.encode({ ...NOTHING, tapId, sequence, count, firstNs, lastNs, codec }).finish();
  const after = Batch.encode({ ...NOTHING, ...behind, columns: NO_COLUMNS }).finish();
  return [before, lengthDelimited(COLUMNS_TAG, columns.length), columns, after];
}

/** A request of Ship as `ShipRequest.encode` writes it, copied together once. */
export function shipRequestBytes({ batch, ...rest }: ShipRequest): Buffer {
  if (batch === undefined) return Buffer.from(ShipRequest.encode({ ...rest, batch }).finish());
  const pieces = batchPieces(batch);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return Buffer.concat([lengthDelimited(REQUEST_BATCH_TAG, length), ...pieces]);
}

/** A tag of one byte, and a length as LEB128. */
function lengthDelimited(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
