/** Capture files byte by byte, in either byte order, from the two format drafts. */

export class FileBuilder {
  readonly #parts: Uint8Array[] = [];
  readonly #little: boolean;

  constructor(littleEndian: boolean) {
    this.#little = littleEndian;
  }

  u16(...values: number[]): this {
    return this.#numbers(values, 2, (view, at, value) => view.setUint16(at, value, this.#little));
  }

  u32(...values: number[]): this {
    return this.#numbers(values, 4, (view, at, value) => view.setUint32(at, value, this.#little));
  }

  u64(value: bigint): this {
    return this.#numbers([value], 8, (view, at, v) => view.setBigUint64(at, v, this.#little));
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  /** Zeros up to a multiple of four, as pcapng pads. */
  pad(): this {
    return this.bytes(new Uint8Array((4 - (this.length % 4)) % 4));
  }

  get length(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  build(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }

  /** A pcapng option. */
  option(code: number, value: Uint8Array): this {
    return this.u16(code, value.length).bytes(value).pad();
  }

  /** A pcapng block around a body. */
  block(type: number, body: (b: FileBuilder) => void): this {
    const inside = new FileBuilder(this.#little);
    body(inside);
    inside.pad();
    const length = inside.length + 12;
    return this.u32(type, length).bytes(inside.build()).u32(length);
  }

  section(): this {
    return this.block(0x0a0d0d0a, (b) => b.u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff));
  }

  #numbers<T>(values: readonly T[], size: number, set: (view: DataView, at: number, value: T) => void): this {
    const bytes = new Uint8Array(values.length * size);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => {
      set(view, i * size, value);
    });
    return this.bytes(bytes);
  }
}

/** Time stamps of a pcapng packet: two words, the high one first. */
export function stamp(ticks: bigint): [high: number, low: number] {
  return [Number(ticks >> 32n), Number(ticks & 0xffffffffn)];
}
