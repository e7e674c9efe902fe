import type { ByteReader } from './reader.js';
import { corrupt } from './reader.js';
import type { ByteWriter } from './writer.js';

/** `delta`: differences from row to row as varints. `raw`: eight bytes a row, for times no varint holds. */
const Mode = { delta: 0, raw: 1 } as const;

/** Longest varint of 53 bits, bytes. */
const MAX_LONG_VARINT = 8;

/** Largest difference whose zigzag is still an exact float64. */
const MAX_DELTA = 2 ** 51;

/** Writes the times of a batch; integers near each other take 1 to 3 bytes each, anything else is kept too. */
export function writeTimes(out: ByteWriter, times: Float64Array): void {
  out.reserve(1 + MAX_LONG_VARINT * times.length);
  if (!deltasHold(times)) {
    out.byte(Mode.raw);
    out.bytes.set(rawBytes(times), out.position);
    out.position += times.length * 8;
    return;
  }
  out.byte(Mode.delta);
  let last = 0;
  for (let i = 0; i < times.length; i++) {
    const delta = times[i] - last;
    out.longVarint(delta < 0 ? -2 * delta - 1 : 2 * delta);
    last = times[i];
  }
}

/** Fills `times` with what writeTimes wrote. Throws `data-loss`. */
export function readTimes(input: ByteReader, times: Float64Array): void {
  const mode = input.byte();
  if (mode === Mode.raw) {
    const bytes = input.take(times.length * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < times.length; i++) times[i] = view.getFloat64(i * 8, true);
    return;
  }
  if (mode !== Mode.delta) throw corrupt(`the times have the unknown mode ${mode}`);
  let last = 0;
  for (let i = 0; i < times.length; i++) {
    const coded = input.longVarint();
    last += coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
    times[i] = last;
  }
}

function deltasHold(times: Float64Array): boolean {
  let last = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i];
    if (!Number.isSafeInteger(time) || Math.abs(time - last) > MAX_DELTA) return false;
    last = time;
  }
  return true;
}

function rawBytes(times: Float64Array): Uint8Array {
  const bytes = new Uint8Array(times.length * 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < times.length; i++) view.setFloat64(i * 8, times[i], true);
  return bytes;
}
