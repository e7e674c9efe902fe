import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../time.js';
import type { UserRole } from '../../trust/identity.js';

/** Who uses the page: whoever made the login link, with the role that it carried. */
export interface WebUser {
  role: UserRole;
  name: string;
  /** Made for oneself, with no other role asked for: what is done in its name can bind its owner. */
  own: boolean;
}

export interface Session {
  user: WebUser;
  /** Known to the page and to nobody else, so that another site's request fails. */
  csrf: string;
  expiresNs: bigint;
}

/** One working day: an incident does not sign its people out, a forgotten browser does not stay in for weeks. */
const SESSION_NS = 12n * 3_600_000_000_000n;
/** People at one coordinator at a time, with room to spare; the oldest goes first. */
const MAX_SESSIONS = 1000;
/** `__Host-`: bound to this host and to TLS, and not to be set by anything else on the domain (RFC 6265bis). */
const COOKIE = '__Host-bothends';

/**
 * Who is signed in to the page. In memory only: a coordinator that starts again asks for a new link. The cookie's value
 * is kept as its hash.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Signs a user in; the header sets the cookie. */
  open(user: WebUser): { session: Session; setCookie: string } {
    const [oldest] = this.#sessions.size >= MAX_SESSIONS ? this.#sessions.keys() : [];
    if (oldest !== undefined) this.#sessions.delete(oldest);
    const value = randomBytes(32).toString('base64url');
    const csrf = randomBytes(32).toString('base64url');
    const session = { user, csrf, expiresNs: this.#clock.nowNs() + SESSION_NS };
    this.#sessions.set(digest(value), session);
    return { session, setCookie: cookie(value, Number(SESSION_NS / 1_000_000_000n)) };
  }

  /** The session of a request's cookies, null for none or one that has expired. */
  find(cookies: string | undefined): Session | null {
    const key = keyOf(cookies);
    const session = key === null ? undefined : this.#sessions.get(key);
    if (key === null || session === undefined) return null;
    if (session.expiresNs > this.#clock.nowNs()) return session;
    this.#sessions.delete(key);
    return null;
  }

  /** Signs a user out everywhere. */
  closeOf(name: string): void {
    for (const [key, { user }] of this.#sessions) if (user.name === name) this.#sessions.delete(key);
  }

  /** Signs out; the header takes the cookie away. */
  close(cookies: string | undefined): string {
    const key = keyOf(cookies);
    if (key !== null) this.#sessions.delete(key);
    return cookie('', 0);
  }
}

function cookie(value: string, maxAgeS: number): string {
  return `${COOKIE}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; Secure; SameSite=Strict`;
}

function keyOf(cookies: string | undefined): string | null {
  for (const part of (cookies ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE && value) return digest(value);
  }
  return null;
}

/** The value has 256 random bits, so a slow hash would add nothing. */
function digest(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}
