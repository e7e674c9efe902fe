import { createHash } from 'node:crypto';

/** What the chain holds together: one line of the audit log. Times are epoch ns. */
export interface AuditLine {
  readonly number: bigint;
  readonly atNs: bigint;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly detail: string;
}

/** Before the first entry there is nothing to hash. */
const NOTHING = new Uint8Array(0);

/**
 * SHA-256 over the hash of the entry before and all of this one, so that none can be changed, moved or taken out
 * without every later hash being wrong. 32 bytes.
 * @param previous hash of the entry before; null for the first
 */
export function auditHash(previous: Uint8Array | null, line: AuditLine): Buffer {
  const { number, atNs, actor, action, subject, outcome, detail } = line;
  const text = JSON.stringify([String(number), String(atNs), actor, action, subject, outcome, detail]);
  return createHash('sha256')
    .update(previous ?? NOTHING)
    .update(text)
    .digest();
}

/** How far a log is whole. */
export type AuditCheck =
  | { readonly whole: true; readonly entries: number; readonly head: Buffer | null }
  /** The first entry that is not as it was written, and why. */
  | { readonly whole: false; readonly number: bigint; readonly reason: string };

/** Checks entries as they are read, oldest first. Entries of a version without hashes may only come first. */
export class AuditChain {
  #previous: Uint8Array | null = null;
  #number = 0n;
  #entries = 0;
  #fault: { number: bigint; reason: string } | null = null;

  add(line: AuditLine & { readonly hash: Uint8Array }): void {
    if (this.#fault !== null) return;
    const reason = this.#reasonAgainst(line);
    if (reason !== null) this.#fault = { number: line.number, reason };
    this.#number = line.number;
    this.#entries++;
    if (line.hash.length > 0) this.#previous = line.hash;
  }

  result(): AuditCheck {
    if (this.#fault !== null) return { whole: false, ...this.#fault };
    const head = this.#previous === null ? null : Buffer.from(this.#previous);
    return { whole: true, entries: this.#entries, head };
  }

  #reasonAgainst(line: AuditLine & { readonly hash: Uint8Array }): string | null {
    if (line.number !== this.#number + 1n) return `number ${this.#number + 1n} is missing before it`;
    if (line.hash.length === 0) return this.#previous === null ? null : 'its hash was taken away';
    const right = auditHash(this.#previous, line).equals(line.hash);
    return right ? null : 'it is not what was written, or the one before is not';
  }
}
