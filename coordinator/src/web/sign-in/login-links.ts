import { createHash, randomBytes } from 'node:crypto';
import { BothendsError } from '@bothends/proto';
import type { Clock } from '../../time.js';
import { type Caller, USER_ROLES, type UserRole } from '../../trust/identity.js';
import type { WebUser } from './sessions.js';

export interface LoginLink {
  url: string;
  expiresNs: bigint;
  certificateSha256: string;
}

/** Where the page is. */
export interface PagePlace {
  /** `https://host:port` at which browsers reach it. */
  base: string;
  /** Fingerprint of its certificate, as browsers show it: a person compares the two. */
  certificateSha256: string;
}

/** Long enough to copy a line into a browser, short enough to be worthless in the shell's history. */
const LINK_NS = 10n * 60_000_000_000n;
/** Links that wait to be used; the oldest goes first. */
const MAX_LINKS = 1000;

interface Pending {
  user: WebUser;
  expiresNs: bigint;
}

/** Links that sign a browser in, each once. The secret is kept as its hash. */
export class LoginLinks {
  readonly #clock: Clock;
  readonly #place: () => PagePlace;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock, place: () => PagePlace) {
    this.#clock = clock;
    this.#place = place;
  }

  /**
   * A link in the caller's name.
   * @param role empty for the caller's own, which makes it a link for the caller alone
   * @param path page to open, empty for the first
   * @throws BothendsError `invalid-argument`, `permission-denied` for a role above the caller's
   */
  create(caller: Caller, role: string, path: string): LoginLink {
    if (path !== '' && !/^\/(?!\/)[\x21-\x7e]*$/.test(path)) {
      throw new BothendsError('invalid-argument', 'the page to open is a path such as /captures/c-7kq2m3pa');
    }
    const user = { name: caller.name, role: carried(caller, role), own: role === '' };
    const token = randomBytes(32).toString('base64url');
    const expiresNs = this.#clock.nowNs() + LINK_NS;
    const [oldest] = this.#pending.size >= MAX_LINKS ? this.#pending.keys() : [];
    if (oldest !== undefined) this.#pending.delete(oldest);
    this.#pending.set(digest(token), { user, expiresNs });
    // In the fragment, which browsers send to no server: the token stays out of logs and of chat previews.
    const next = path === '' ? '' : `?next=${encodeURIComponent(path)}`;
    const { base, certificateSha256 } = this.#place();
    return { url: `${base}/login${next}#${token}`, expiresNs, certificateSha256 };
  }

  /** Takes back a user's links that were not used yet. */
  forget(name: string): void {
    for (const [key, { user }] of this.#pending) if (user.name === name) this.#pending.delete(key);
  }

  /** Whom a token signs in; it works once. Null for one that is unknown, used or expired. */
  redeem(token: string): WebUser | null {
    const key = digest(token);
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    return pending !== undefined && pending.expiresNs > this.#clock.nowNs() ? pending.user : null;
  }
}

function carried(caller: Caller, wanted: string): UserRole {
  const own = USER_ROLES.indexOf(caller.role as UserRole);
  const role = USER_ROLES.indexOf((wanted || caller.role) as UserRole);
  if (role < 0) throw new BothendsError('invalid-argument', 'a role is viewer, operator or admin');
  if (role <= own) return USER_ROLES[role];
  throw new BothendsError(
    'permission-denied',
    `${caller.role} ${caller.name} cannot make a link for the role ${wanted}: ask somebody who has it`,
  );
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
