/** Memory is taken in pieces of this; one is given back when nothing in it is needed any more. */
const CHUNK_BYTES = 1 << 20;

/** Positions count words of four bytes, so that they fit 31 bits up to 8 GB. */
const WORD = 4;

/** Waste that is not worth moving everything together for. */
const WASTE_BYTES = 32 * CHUNK_BYTES;

/** Keeps pieces of bytes; each is found again by its position until it is dropped. */
export class Archive {
  private readonly chunks: Uint8Array[] = [];
  /** By chunk: bytes of it that are still needed. */
  private readonly needed: number[] = [];
  private readonly free: number[] = [];
  private current = -1;
  private end = CHUNK_BYTES;
  /** Bytes that hold something, and bytes of memory taken. */
  used = 0;
  taken = 0;

  /** More than half of the memory holds nothing: whoever has the positions should begin a new archive. */
  get isWasteful(): boolean {
    return this.taken - this.used > WASTE_BYTES && this.used * 2 < this.taken;
  }

  /** Returns the position of what was put. */
  put(bytes: Uint8Array): number {
    const size = sizeOf(bytes.length);
    if (this.end + size > CHUNK_BYTES) this.begin(size);
    const chunk = this.chunks[this.current] as Uint8Array;
    const at = this.end;
    setLength(chunk, at, bytes.length);
    chunk.set(bytes, at + WORD);
    this.end += size;
    this.used += size;
    this.needed[this.current] = (this.needed[this.current] as number) + size;
    return (this.current * CHUNK_BYTES + at) / WORD;
  }

  /** What was put at a position; valid until the next `drop`. */
  get(position: number): Uint8Array {
    const chunk = this.chunks[chunkOf(position)] as Uint8Array;
    const at = (position * WORD) % CHUNK_BYTES;
    const length = lengthAt(chunk, at);
    return chunk.subarray(at + WORD, at + WORD + length);
  }

  drop(position: number): void {
    const index = chunkOf(position);
    const size = sizeOf(lengthAt(this.chunks[index] as Uint8Array, (position * WORD) % CHUNK_BYTES));
    this.used -= size;
    this.needed[index] = (this.needed[index] as number) - size;
    if (index !== this.current && this.needed[index] === 0) this.discard(index);
  }

  /** Begins a chunk that has room for `size`. */
  private begin(size: number): void {
    const full = this.current;
    this.current = this.free.pop() ?? this.chunks.length;
    this.chunks[this.current] = new Uint8Array(Math.max(size, CHUNK_BYTES));
    this.needed[this.current] = 0;
    this.taken += Math.max(size, CHUNK_BYTES);
    this.end = 0;
    if (full >= 0 && this.needed[full] === 0) this.discard(full);
  }

  private discard(index: number): void {
    this.taken -= (this.chunks[index] as Uint8Array).length;
    this.chunks[index] = NOTHING;
    this.free.push(index);
  }
}

const NOTHING = new Uint8Array(0);

const chunkOf = (position: number) => Math.floor((position * WORD) / CHUNK_BYTES);

/** A length and the bytes, in whole words. */
const sizeOf = (length: number) => WORD + Math.ceil(length / WORD) * WORD;

function setLength(chunk: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < WORD; i++) chunk[at + i] = length >>> (8 * i);
}

function lengthAt(chunk: Uint8Array, at: number): number {
  let length = 0;
  for (let i = 0; i < WORD; i++) length |= chunk[at + i] << (8 * i);
  return length;
}
