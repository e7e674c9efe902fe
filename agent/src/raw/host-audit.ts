import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type AuditLine, auditHash } from '@bothends/proto/evidence/audit-chain';
import { AuditEntry } from '@bothends/proto/gen/bothends/v1/bothends';

/**
 * What became of raw packets of this host, in its owner's own file: one JSON object a line, each hashed together with the one
 * before, as in the coordinator's log. `bothends audit --file` reads and verifies it.
 */
export class HostAudit {
  readonly #path: string;
  readonly #nowNs: () => bigint;
  #number = 0n;
  #previous: Uint8Array | null = null;

  /** Goes on with the file, where there is one. @param nowNs epoch ns */
  constructor(path: string, nowNs: () => bigint) {
    this.#path = path;
    this.#nowNs = nowNs;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    // A crash may leave part of a line. It stays, because whoever verifies has to see it, and what follows begins
    // on a new line.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
    const entry = text
      .split('\n')
      .map(parseAuditLine)
      .findLast((each) => each !== null);
    if (!entry) return;
    this.#number = entry.number;
    this.#previous = entry.hash;
  }

  /** Throws the system's error when it cannot be written: what is not written down must not happen. */
  record(
    actor: string,
    action: string,
    subject: string,
    outcome: AuditLine['outcome'],
    detail: string,
  ): void {
    const line = { number: this.#number + 1n, atNs: this.#nowNs(), actor, action, subject, outcome, detail };
    const hash = auditHash(this.#previous, line);
    const text = JSON.stringify(AuditEntry.toJSON({ ...line, hash }));
    appendFileSync(this.#path, `${text}\n`, { mode: 0o600, flush: true });
    this.#number = line.number;
    this.#previous = hash;
  }
}

/** An entry as a line of the file has it; null where it is none. */
export function parseAuditLine(text: string): AuditEntry | null {
  try {
    return AuditEntry.fromJSON(JSON.parse(text));
  } catch {
    return null;
  }
}
