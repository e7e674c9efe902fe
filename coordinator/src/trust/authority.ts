import { BothendsError } from '@bothends/proto';
import { authoritiesDigest } from '@bothends/proto/trust/authorities';
import { Ca, type Credentials, type IssuedCertificate } from './ca.js';
import { CaFiles, type KeptCas } from './ca-files.js';
import type { Identity, UserRole } from './identity.js';

/**
 * Whom a fleet trusts: one certificate authority, kept in the coordinator's data directory, or two while one replaces
 * the other. Then certificates are from the new one for everybody who takes its own certificate along; the server's
 * stays from the outgoing one, because that is the one that everybody trusts.
 */
export class Authority {
  readonly #files: CaFiles;
  readonly #nowMs: () => number;
  #issuing: Ca;
  #outgoing: Ca | null;

  constructor(files: CaFiles, { present, incoming }: KeptCas, nowMs: () => number) {
    this.#files = files;
    this.#nowMs = nowMs;
    this.#issuing = incoming ?? present;
    this.#outgoing = incoming === null ? null : present;
  }

  /** The one that certificates are from. */
  get issuing(): Ca {
    return this.#issuing;
  }

  /** The one that goes; null while none is replaced. */
  get outgoing(): Ca | null {
    return this.#outgoing;
  }

  /** Every authority that is trusted, PEM. */
  get caPem(): string {
    return this.#issuing.pem + (this.#outgoing?.pem ?? '');
  }

  /** Names the set of them; see `authoritiesDigest`. */
  get digest(): string {
    return authoritiesDigest(this.caPem);
  }

  /** Hash of the authority that the server's certificate is from: joiners check it. */
  get caHash(): string {
    return this.#everybodys.hash;
  }

  /** A fresh server certificate for these host names and addresses. */
  async serverCredentials(hosts: readonly string[]): Promise<Credentials> {
    return await this.#everybodys.serverCredentials(hosts, this.#nowMs());
  }

  /** A client certificate with its key, for a user who gets `caPem` along with it. */
  async userCredentials(role: UserRole, name: string): Promise<Credentials & IssuedCertificate> {
    return await this.#issuing.clientCredentials(role, name, this.#nowMs());
  }

  /**
   * Signs an agent's certificate request (PKCS#10, DER).
   * @param takesAll the agent will trust all of `caPem`; one of an older version keeps to what it trusts already
   * @throws BothendsError `invalid-argument` when it is no valid, self-signed request
   */
  async agentCertificate(name: string, csr: Buffer, takesAll: boolean): Promise<IssuedCertificate> {
    return await this.#signerFor(takesAll).sign('agent', name, csr, this.#nowMs());
  }

  /** Signs a user's certificate request, like an agent's. @throws BothendsError `invalid-argument` */
  async userCertificate(
    role: UserRole,
    name: string,
    csr: Buffer,
    takesAll: boolean,
  ): Promise<IssuedCertificate> {
    return await this.#signerFor(takesAll).sign(role, name, csr, this.#nowMs());
  }

  /**
   * A connection may outlive the trust in the authority that opened it.
   * @throws BothendsError `unauthenticated` for a certificate of an authority that was retired
   */
  requireTrusted({ issuer }: Identity): void {
    if (issuer === this.#issuing.name || issuer === this.#outgoing?.name) return;
    throw retiredError(issuer);
  }

  /**
   * Makes a new authority, which issues from now on.
   * @throws BothendsError `failed-precondition` while another replacement is under way
   */
  async rotate(): Promise<void> {
    if (this.#outgoing !== null) {
      throw new BothendsError(
        'failed-precondition',
        `${this.#issuing.name} is taking over from ${this.#outgoing.name} already: finish that first, with "bothends ca retire"`,
      );
    }
    const made = await Ca.create(this.#nowMs());
    await this.#files.keepIncoming(made);
    this.#outgoing = this.#issuing;
    this.#issuing = made;
  }

  /** Forgets the outgoing authority. @throws BothendsError `failed-precondition` when there is none */
  async retire(): Promise<void> {
    if (this.#outgoing === null) {
      throw new BothendsError(
        'failed-precondition',
        'no authority is being replaced: begin with "bothends ca rotate"',
      );
    }
    await this.#files.replace();
    this.#outgoing = null;
  }

  /** The one that everybody trusts. */
  get #everybodys(): Ca {
    return this.#outgoing ?? this.#issuing;
  }

  #signerFor(takesAll: boolean): Ca {
    return takesAll ? this.#issuing : this.#everybodys;
  }
}

/** For who comes with a certificate of an authority that is gone. */
export function retiredError(issuer: string): BothendsError {
  return new BothendsError(
    'unauthenticated',
    `the certificate is from ${issuer}, which was retired: an agent joins again, a user needs a new context file`,
  );
}

/**
 * The authority of a data directory; made on first start.
 * @throws BothendsError `failed-precondition` when only half of it is there or it cannot be read
 */
export async function openAuthority(dataDir: string, nowMs: () => number): Promise<Authority> {
  const files = new CaFiles(dataDir);
  return new Authority(files, await files.open(nowMs()), nowMs);
}
