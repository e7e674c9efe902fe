import type { ClearName } from '@bothends/proto/gen/bothends/v1/packet';

/** Distinct names of one tap: a resolver at work for an hour, in some megabytes. Later ones stay digests. */
const MAX_NAMES = 10_000;
/** Names of one batch: half a megabyte at most, which a message has room for; the others go with the next one. */
const NAMES_PER_TAKE = 512;
const SPACE = 0x20;
const DELETE = 0x7f;
const BACKSLASH = 0x5c;

/** DNS and TLS server names in clear, each with its digest, as one tap meets them; only where policy and capture want it. */
export class NameBook {
  readonly #known = new Set<string>();
  readonly #fresh: ClearName[] = [];

  /** Takes a name of `length` bytes, and the digest that its row carries. */
  note(bytes: Uint8Array, length: number, digestHigh: number, digestLow: number): void {
    const text = presentation(bytes, length);
    if (this.#known.has(text) || this.#known.size >= MAX_NAMES) return;
    this.#known.add(text);
    this.#fresh.push({ digestHigh, digestLow, text });
  }

  /** Those that came since the last call, as many as fit into a batch. */
  take(): ClearName[] {
    return this.#fresh.length === 0 ? [] : this.#fresh.splice(0, NAMES_PER_TAKE);
  }
}

/** Printable ASCII; any other byte, and the backslash, as `\DDD` (RFC 1035 5.1): names come from whoever sends packets. */
function presentation(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    const plain = byte > SPACE && byte < DELETE && byte !== BACKSLASH;
    text += plain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}
