/** Most bytes that a word takes: its header and a float64. */
const WORD_BYTES = 16;

/** Differences up to here are written as whole numbers; four times of it is still exact. */
const WHOLE = 2 ** 50;

/**
 * Writes rows of float64 into few bytes: only the words that differ from a row that it resembles, as a difference where
 * both are whole numbers. What `RowReader` makes of it is the same to the bit.
 */
export class RowWriter {
  private bytes = new Uint8Array(4096);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  restart(): void {
    this.length = 0;
  }

  /** What was written since `restart`; valid until the next. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** A whole number from 0 to 2^53: seven bits a byte, the lowest first. */
  number(n: number): void {
    if (this.length + WORD_BYTES > this.bytes.length) this.grow(WORD_BYTES);
    let rest = n;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    this.bytes[this.length++] = rest;
  }

  /** A whole number below 2^52, of either sign. */
  signed(n: number): void {
    this.number(n < 0 ? -2 * n - 1 : 2 * n);
  }

  /** A number that is likely to be near another one. */
  near(x: number, y: number): void {
    const difference = x - y;
    if (Number.isInteger(x) && Number.isInteger(y) && Math.abs(difference) <= WHOLE) {
      this.number(difference < 0 ? -4 * difference - 2 : 4 * difference);
      return;
    }
    this.number(1);
    this.float(x);
  }

  /** Bytes written before. */
  copy(written: Uint8Array): void {
    if (this.length + written.length > this.bytes.length) this.grow(written.length);
    this.bytes.set(written, this.length);
    this.length += written.length;
  }

  /** `words` words of `data` from `at`, as they differ from those of `like` from `from`. */
  row(data: Float64Array, at: number, words: number, like: Float64Array, from: number): void {
    if (this.length + (words + 1) * WORD_BYTES > this.bytes.length) this.grow((words + 1) * WORD_BYTES);
    let last = -1;
    for (let word = 0; word < words; word++) {
      const x = data[at + word];
      const y = like[from + word];
      if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
      this.word(word - last, x, y);
      last = word;
    }
    this.number(0);
  }

  private word(step: number, x: number, y: number): void {
    const difference = x - (Number.isInteger(y) ? y : 0);
    if (Number.isInteger(x) && Math.abs(difference) <= WHOLE && Math.abs(x) <= WHOLE) {
      this.number(step * 2);
      this.signed(difference);
      return;
    }
    this.number(step * 2 + 1);
    this.float(x);
  }

  private float(x: number): void {
    if (this.length + WORD_BYTES > this.bytes.length) this.grow(WORD_BYTES);
    this.view.setFloat64(this.length, x);
    this.length += 8;
  }

  private grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** Reads what `RowWriter` wrote, in the same order. */
export class RowReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  /** Reads `bytes`, from where a reader stood before. */
  open(bytes: Uint8Array, at = 0): void {
    this.bytes = bytes;
    this.at = at;
  }

  /** Where it stands in the bytes. */
  get position(): number {
    return this.at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  number(): number {
    const first = this.bytes[this.at++];
    return first < 0x80 ? first : this.rest(first & 0x7f);
  }

  /** The rest of a number that takes more than a byte; up to 28 bits without floating point. */
  private rest(first: number): number {
    const { bytes } = this;
    let n = first;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = bytes[this.at++];
      n |= (byte & 0x7f) << shift;
      if (byte < 0x80) return n;
    }
    for (let scale = 2 ** 28; ; scale *= 128) {
      const byte = bytes[this.at++];
      n += (byte & 0x7f) * scale;
      if (byte < 0x80) return n;
    }
  }

  signed(): number {
    const n = this.number();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  near(y: number): number {
    const n = this.number();
    if (n === 1) return this.float();
    return y + (n % 4 === 0 ? n / 4 : -(n + 2) / 4);
  }

  row(data: Float64Array, at: number, words: number, like: Float64Array, from: number): void {
    for (let word = 0; word < words; word++) data[at + word] = like[from + word];
    let word = -1;
    for (let header = this.number(); header !== 0; header = this.number()) {
      word += header >> 1;
      if ((header & 1) !== 0) data[at + word] = this.float();
      else {
        const y = like[from + word];
        data[at + word] = this.signed() + (Number.isInteger(y) ? y : 0);
      }
    }
  }

  private float(): number {
    const { bytes } = this;
    if (this.view.buffer !== bytes.buffer) this.view = new DataView(bytes.buffer);
    const x = this.view.getFloat64(bytes.byteOffset + this.at);
    this.at += 8;
    return x;
  }
}
