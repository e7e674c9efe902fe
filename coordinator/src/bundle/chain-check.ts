import type { KeyObject } from 'node:crypto';
import { isSignedBy, linkOf } from '@bothends/proto/evidence/chain';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { ManifestTap } from './manifest.js';
import { keyOf } from './signer.js';

/** Follows the batches of one tap: each signed, none missing, each linked to the one before. */
export class ChainCheck {
  readonly tap: ManifestTap;
  /** Sentences that name the batch. */
  readonly problems: string[] = [];
  batches = 0;
  /** Batches whose agent no longer knew the one before: it restarted, or lost it and said so. */
  unlinked = 0;
  readonly #key: KeyObject | null;
  #sequence = 0n;
  /** Link of the batch before; undefined where nothing can be compared with it. */
  #link: Buffer | undefined;

  constructor(tap: ManifestTap) {
    this.tap = tap;
    const key = tap.signer && keyOf(tap.signer);
    if (typeof key === 'string') this.problems.push(key);
    this.#key = typeof key === 'string' ? null : key;
  }

  /** Takes the next batch; `bytes` are what `batch` was decoded from. */
  add(batch: Batch, bytes: Uint8Array): void {
    const where = `batch ${batch.sequence} of ${this.tap.name}`;
    this.batches++;
    if (batch.tapId !== this.tap.tap)
      this.problems.push(`${where} says that it is of another tap: ${batch.tapId}`);
    if (this.#key && !isSignedBy(bytes, this.#key)) {
      this.problems.push(`${where} is not as ${this.tap.signer?.name} signed it`);
    }
    if (batch.sequence === this.#sequence + 1n) this.#checkLink(batch, where);
    else this.problems.push(this.#hole(batch.sequence));
    this.#sequence = batch.sequence;
    this.#link = isPlaceholder(batch) ? undefined : linkOf(batch);
  }

  /** A batch that cannot be read stands here. */
  unreadable(sequence: bigint): void {
    this.batches++;
    this.problems.push(`batch ${sequence} of ${this.tap.name} cannot be decoded`);
    this.#sequence = sequence;
    this.#link = undefined;
  }

  /** No batch follows; the manifest lists batches up to `last`. */
  end(last: bigint): void {
    if (last > this.#sequence) this.problems.push(this.#hole(last + 1n));
  }

  #checkLink({ previous, sequence }: Batch, where: string): void {
    if (!this.tap.signer) return;
    if (previous === undefined) {
      if (sequence > 1n) this.unlinked++;
    } else if (this.#link && !this.#link.equals(previous)) {
      this.problems.push(`${where} was written after another batch than the one before it here`);
    }
  }

  #hole(sequence: bigint): string {
    const { name } = this.tap;
    const last = this.#sequence;
    if (sequence <= last) return `batch ${sequence} of ${name} stands after batch ${last}`;
    const missing =
      sequence - last === 2n ? `batch ${last + 1n}` : `batches ${last + 1n} to ${sequence - 1n}`;
    return `${missing} of ${name} ${sequence - last === 2n ? 'is' : 'are'} missing`;
  }
}

/** What an agent ships in the place of a batch that it lost; the one after it still links to what was lost. */
function isPlaceholder({ count, previous, sequence }: Batch): boolean {
  return count === 0 && previous === undefined && sequence > 1n;
}
