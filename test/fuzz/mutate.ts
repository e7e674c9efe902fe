import type { Random } from '../truth/random.js';

/** Values that lengths, counts and offsets go wrong at. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];
/** Damage beyond this is noise that the first check refuses. */
const MOST_CHANGES = 16;

/** Some bytes changed, sometimes a part cut out, doubled or the end cut off. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  if (changed.length === 0) return random.bytes(random.integer(0, 64));
  const changes = Math.round(random.scale(1, MOST_CHANGES));
  for (let i = 0; i < changes; i++) changeOne(changed, random);
  const what = random.unit();
  if (what < 0.7) return changed;
  const from = random.integer(0, changed.length);
  const to = random.integer(from, changed.length);
  if (what < 0.8) return changed.subarray(0, from);
  if (what < 0.9) return joined(changed.subarray(0, from), changed.subarray(to));
  return joined(changed.subarray(0, to), changed.subarray(from));
}

function changeOne(bytes: Uint8Array, random: Random): void {
  // Headers are at the front, and are what parsers believe: half of the changes go there.
  const end = random.chance(0.5) ? Math.min(bytes.length, 64) : bytes.length;
  const at = random.integer(0, end - 1);
  const what = random.unit();
  if (what < 0.4) bytes[at] = random.word();
  else if (what < 0.7) bytes[at] = (bytes[at] as number) ^ (1 << random.integer(0, 7));
  else bytes[at] = random.pick(EDGES);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
