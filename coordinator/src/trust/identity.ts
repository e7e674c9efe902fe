import { createHash, X509Certificate } from 'node:crypto';
import { BothendsError } from '@bothends/proto';

/** What a certificate lets its holder be. Users' roles include those before them in USER_ROLES. */
export const USER_ROLES = ['viewer', 'operator', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];
export type Role = UserRole | 'agent';

/** Who is calling: read from a certificate that our own CA signed. */
export interface Identity {
  readonly role: Role;
  readonly name: string;
  /** Certificate serial number, upper-case hex; tells an agent's current certificate from a replaced one. */
  readonly serial: string;
  /** Common name of the authority that the certificate is from. */
  readonly issuer: string;
}

/** Whoever has a role, by certificate or by a session of the page. */
export type Caller = Pick<Identity, 'role' | 'name'>;

/** Certificates name their holder in one URI: `bothends:agent:web-1`, `bothends:admin:alice`. */
const IDENTITY_URI = /^URI:bothends:(viewer|operator|admin|agent):([a-z0-9._-]{1,63})$/;

/** The URI that a certificate of this role and name carries. */
export function identityUri(role: Role, name: string): string {
  return `bothends:${role}:${name}`;
}

/** A certificate is shown with every call, and reading one takes longer than answering most of them. */
const MOST_KNOWN = 4096;
const known = new Map<string, Identity>();

/**
 * Identity in a certificate that has been verified against our CA already.
 * @param der the certificate as the TLS layer hands it over
 * @throws BothendsError `unauthenticated` when it names nobody (such as a server's certificate)
 */
export function identityOf(der: Buffer): Identity {
  const key = createHash('sha256').update(der).digest('base64');
  const before = known.get(key);
  if (before !== undefined) return before;
  const identity = readIdentity(der);
  // Whoever has shown certificates without end starts afresh; nothing but time is lost.
  if (known.size === MOST_KNOWN) known.clear();
  known.set(key, identity);
  return identity;
}

function readIdentity(der: Buffer): Identity {
  const certificate = new X509Certificate(der);
  for (const entry of (certificate.subjectAltName ?? '').split(', ')) {
    const match = IDENTITY_URI.exec(entry);
    if (match === null) continue;
    const issuer = /^CN=(.*)$/m.exec(certificate.issuer)?.[1] ?? '';
    return { role: match[1] as Role, name: match[2], serial: certificate.serialNumber, issuer };
  }
  throw new BothendsError(
    'unauthenticated',
    'the client certificate names neither an agent nor a user: use the one that joining or the context file gave',
  );
}
