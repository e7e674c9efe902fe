import { BothendsError } from '@bothends/proto';
import type { Identity, Role } from './identity.js';

/** Whose certificates are asked for; agents and users may have the same names. */
export type Holder = 'agent' | 'user';

/** The certificates that let one holder in. */
export interface Valid {
  /** Role that they carry; a user whose role was changed holds none of the older ones. */
  readonly role: Role;
  /** Serial of the current one; empty: the holder was shut out. */
  readonly serial: string;
  /** Serial of the one that replaces it once it is used, empty for none. */
  readonly nextSerial: string;
  /** Name of the authority that the current one is from. */
  readonly issuer: string;
}

/** A holder that is let in. */
export interface Admitted {
  readonly holder: Holder;
  readonly name: string;
  readonly issuer: string;
}

/** Told when a renewed certificate is used for the first time: the one before is void from then on. */
export type Promoted = (holder: Holder, identity: Identity) => void;

/** Each holder's current certificate. One that nobody wrote down, though our CA signed it, lets nobody in. */
export class CurrentCertificates {
  readonly #valid = new Map<string, Valid>();
  readonly #promoted: Promoted;

  constructor(promoted: Promoted) {
    this.#promoted = promoted;
  }

  set(name: string, valid: Valid): void {
    this.#valid.set(keyOf(holderOf(valid.role), name), valid);
  }

  /** Everybody who is let in, agents first, by name. */
  admitted(): Admitted[] {
    return [...this.#valid]
      .filter(([, { serial }]) => serial !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { role, issuer }]) => {
        const holder = holderOf(role);
        return { holder, name: key.slice(holder.length + 1), issuer };
      });
  }

  /** @throws BothendsError `unauthenticated` when a certificate is not its holder's current one */
  check(identity: Identity): void {
    const { role, name, serial } = identity;
    const holder = holderOf(role);
    const valid = this.#valid.get(keyOf(holder, name));
    if (valid !== undefined && valid.role === role) {
      if (valid.serial === serial) return;
      if (valid.nextSerial === serial) {
        this.set(name, { role, serial, nextSerial: '', issuer: identity.issuer });
        this.#promoted(holder, identity);
        return;
      }
    }
    if (holder === 'user') throw userError(name);
    throw valid?.serial === '' ? revokedAgentError(name) : replacedError(name);
  }
}

function holderOf(role: Role): Holder {
  return role === 'agent' ? 'agent' : 'user';
}

function keyOf(holder: Holder, name: string): string {
  return `${holder} ${name}`;
}

export function replacedError(name: string): BothendsError {
  return new BothendsError(
    'unauthenticated',
    `the certificate of agent ${name} is not valid here any more: another host joined by this name; join again`,
  );
}

export function revokedAgentError(name: string): BothendsError {
  return new BothendsError(
    'unauthenticated',
    `the certificate of agent ${name} was revoked by an administrator: to come back it joins again`,
  );
}

function userError(name: string): BothendsError {
  return new BothendsError(
    'unauthenticated',
    `the certificate of user ${name} is not valid here any more: it was revoked or replaced; ask an administrator ` +
      'for a new context file',
  );
}
