import type { ClearName } from '@bothends/proto/gen/bothends/v1/packet';

/** An agent ships no more of one tap; what a hostile one ships beyond is not remembered. */
const MAX_NAMES = 10_000;
/** As agents write them: 255 bytes, each in four characters at most. */
const NAME = /^[\x21-\x7e]{1,1020}$/;

/** What the names of one tap are in clear, by their digests, as far as its batches have said. */
export class ClearNames {
  readonly #byDigest = new Map<string, string>();

  /** Takes the names that a batch brings; what could not be a name, or steer a terminal, is left out. */
  learn(names: readonly ClearName[]): void {
    for (const { digestHigh, digestLow, text } of names) {
      if (this.#byDigest.size < MAX_NAMES && NAME.test(text))
        this.#byDigest.set(key(digestHigh, digestLow), text);
    }
  }

  /** Undefined where it came as a digest only. */
  of(digestHigh: number, digestLow: number): string | undefined {
    return this.#byDigest.get(key(digestHigh, digestLow));
  }
}

function key(high: number, low: number): string {
  return `${high}:${low}`;
}
