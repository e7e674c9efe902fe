/**
 * The marker datagram: an agent sends it when it arms a tap and waits to see it there, which proves that the tap
 * delivers. UDP payload of 16 bytes: eight of magic, eight of nonce, all big-endian.
 */

/** Random bytes, drawn once, that no protocol is known to start with; in two words for a cheap comparison. */
const MAGIC_HIGH = 0xb07e4d5a;
const MAGIC_LOW = 0x9d1c63f7;
const NONCE = 8;
const NONCE_LOW = 12;

export const MARKER_NONCE_BYTES = 8;
export const MARKER_BYTES = 16;

/** What to send, and the value that the packet table's `marker` column will show for it. */
export interface Marker {
  readonly payload: Uint8Array;
  readonly id: number;
}

/** The marker of a nonce of eight random bytes. */
export function createMarker(nonce: Uint8Array): Marker {
  if (nonce.length !== MARKER_NONCE_BYTES)
    throw new RangeError(`marker nonce of ${nonce.length} bytes, not 8`);
  const payload = new Uint8Array(MARKER_BYTES);
  const view = new DataView(payload.buffer);
  view.setUint32(0, MAGIC_HIGH);
  view.setUint32(4, MAGIC_LOW);
  payload.set(nonce, NONCE);
  return { payload, id: readMarker(view, 0, MARKER_BYTES, MARKER_BYTES) };
}

/**
 * The `marker` value of a UDP payload of `length` bytes at `at`, captured up to `end`: the low 32 bits of its nonce,
 * or 1 where they are zero; 0 when it is no marker.
 */
export function readMarker(view: DataView, at: number, end: number, length: number): number {
  if (length !== MARKER_BYTES || end - at < MARKER_BYTES) return 0;
  if (view.getUint32(at) !== MAGIC_HIGH || view.getUint32(at + 4) !== MAGIC_LOW) return 0;
  return view.getUint32(at + NONCE_LOW) || 1;
}
