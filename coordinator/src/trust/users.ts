import { X509Certificate } from 'node:crypto';
import { BothendsError, nearestNames, nsOf } from '@bothends/proto';
import type { Store, UserRecord } from '../store/store.js';
import type { Clock } from '../time.js';
import type { Authority } from './authority.js';
import type { Credentials, IssuedCertificate } from './ca.js';
import type { CurrentCertificates } from './current-certificates.js';
import { type Identity, USER_ROLES, type UserRole } from './identity.js';
import { checkName } from './names.js';

export interface UsersInput {
  readonly store: Store;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly certificates: CurrentCertificates;
}

/** A user's new certificate and key. */
export interface NewUser extends Credentials {
  readonly expiresNs: bigint;
  /** The name was a user's already, whose certificate lets nobody in any more. */
  readonly replaced: boolean;
}

/** The people who may call this coordinator, each by a certificate of their own. */
export class Users {
  readonly #in: UsersInput;

  constructor(input: UsersInput) {
    this.#in = input;
  }

  /**
   * Makes a certificate for a name; whoever had the name before is out.
   * @throws BothendsError `invalid-argument`
   */
  async add(name: string, role: string): Promise<NewUser> {
    checkName(name);
    const known = checkRole(role);
    const { certificatePem, keyPem, ...issued } = await this.#in.authority.userCredentials(known, name);
    const replaced = (await this.list()).some((user) => user.name === name && user.revokedNs === 0n);
    const { expiresNs } = await this.#remember(name, known, { certificatePem, ...issued });
    return { certificatePem, keyPem, expiresNs, replaced };
  }

  /** Takes a certificate into the list that was made before there was one: that of the first administrator. */
  async adopt(role: UserRole, { name, serial, issuer }: Identity, certificatePem: string): Promise<void> {
    const known = (await this.list()).some((user) => user.name === name);
    if (!known) await this.#remember(name, role, { certificatePem, serial, issuer });
  }

  /** Whether a certificate lets its user in. */
  async isCurrent({ name, serial }: Identity): Promise<boolean> {
    const user = (await this.list()).find((each) => each.name === name);
    return user !== undefined && [user.serial, user.nextSerial].includes(serial);
  }

  async list(): Promise<UserRecord[]> {
    return await this.#in.store.users();
  }

  /**
   * Shuts a user out at once.
   * @throws BothendsError `not-found`, `failed-precondition` for the caller's own name
   */
  async revoke(name: string, by: string): Promise<void> {
    const user = await this.#find(name);
    if (name === by) {
      throw new BothendsError(
        'failed-precondition',
        `${name} cannot revoke itself, or nobody might be left to undo it: let another administrator do it`,
      );
    }
    await this.#keep({ ...user, serial: '', nextSerial: '', issuer: '', revokedNs: this.#in.clock.nowNs() });
  }

  /**
   * A new certificate on a key that only the user has; the present one stays valid until the new one is used.
   * @param csr PKCS#10, DER
   * @param takesAll see Authority.agentCertificate
   * @throws BothendsError `invalid-argument`
   */
  async renew(name: string, csr: Buffer, takesAll: boolean): Promise<string> {
    const user = await this.#find(name);
    const { authority } = this.#in;
    const { certificatePem, serial } = await authority.userCertificate(user.role, name, csr, takesAll);
    await this.#keep({ ...user, nextSerial: serial, expiresNs: expiryOf(certificatePem) });
    return certificatePem;
  }

  /** A renewed certificate was used: the one before is void. */
  async promote({ name, serial, issuer }: Identity): Promise<void> {
    await this.#keep({ ...(await this.#find(name)), serial, nextSerial: '', issuer });
  }

  async #remember(
    name: string,
    role: UserRole,
    { certificatePem, serial, issuer }: IssuedCertificate,
  ): Promise<UserRecord> {
    const createdNs = this.#in.clock.nowNs();
    const expiresNs = expiryOf(certificatePem);
    const made = { name, role, serial, nextSerial: '', issuer, createdNs, expiresNs, revokedNs: 0n };
    await this.#keep(made);
    return made;
  }

  async #keep(user: UserRecord): Promise<void> {
    await this.#in.store.saveUser(user);
    this.#in.certificates.set(user.name, user);
  }

  async #find(name: string): Promise<UserRecord> {
    const users = await this.list();
    const found = users.find((user) => user.name === name);
    if (found !== undefined) return found;
    const near = nearestNames(
      name,
      users.map((user) => user.name),
    );
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'see "bothends user list"';
    throw new BothendsError('not-found', `there is no user called ${name}: ${hint}`);
  }
}

function checkRole(role: string): UserRole {
  const known = USER_ROLES.find((each) => each === role);
  if (known !== undefined) return known;
  throw new BothendsError(
    'invalid-argument',
    `a role is viewer, operator or admin, not "${role.slice(0, 40)}"`,
  );
}

function expiryOf(certificatePem: string): bigint {
  return nsOf(Date.parse(new X509Certificate(certificatePem).validTo));
}
