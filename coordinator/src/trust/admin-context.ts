import { X509Certificate } from 'node:crypto';
import { certificateHash, certificatesIn } from '@bothends/proto/trust/authorities';
import type { Logger } from 'pino';
import type { Authority } from './authority.js';
import { type Context, readContext, writeContext } from './context.js';
import { identityOf } from './identity.js';
import type { Users } from './users.js';

/** The first user. Others are made by it. */
const ADMIN = 'admin';

export interface AdminContextInput {
  readonly authority: Authority;
  readonly users: Users;
  readonly logger: Logger;
  /** `host:port` for clients on this machine. */
  readonly address: string;
  /** The file of the data directory. */
  readonly ownPath: string;
  /** Where the CLI of this machine looks; null to put no copy anywhere. */
  readonly cliPath: string | null;
}

/**
 * Keeps the administrator's context in the data directory, made on first start, and a copy where the CLI of this
 * machine looks. Commands renew the certificate in the copy, so either of them may be the current one. A context of
 * another coordinator or user is left alone.
 */
export async function publishAdminContext(input: AdminContextInput): Promise<void> {
  const { logger, ownPath, cliPath } = input;
  const own = await readContext(ownPath);
  const copy = cliPath === null ? null : await readContext(cliPath);
  const current = await currentContext(own, copy, input);
  if (current === null) {
    logger.warn(
      { path: ownPath },
      'this context is not valid any more: the administrator was revoked, or renewed its certificate from another ' +
        'machine; to make a new one, which ends all others, remove the file and start again',
    );
    return;
  }
  await writeContext(ownPath, current);
  if (cliPath === null) return;
  if (copy !== null && !isAdminsHere(copy, input.authority)) {
    logger.warn(
      { path: cliPath },
      'this context file belongs to another coordinator or user and was left alone: use --context ' +
        `${ownPath}, or remove it and start again`,
    );
    return;
  }
  await publish(current, copy, cliPath, input);
}

async function publish(
  current: Context,
  copy: Context | null,
  path: string,
  { logger, ownPath }: AdminContextInput,
): Promise<void> {
  try {
    const isKept = copy?.address === current.address && copy.keyPem === current.keyPem;
    if (!isKept) await writeContext(path, current);
    logger.info({ path, outcome: isKept ? 'kept' : 'written' }, 'context of the administrator');
  } catch (error) {
    // Such as a service without a home directory: the copy in the data directory serves.
    logger.warn({ path, error: (error as Error).message }, `context not written: use --context ${ownPath}`);
  }
}

/** The administrator's context that lets it in; null when there is one that does not. */
async function currentContext(
  own: Context | null,
  copy: Context | null,
  { authority, users, address }: AdminContextInput,
): Promise<Context | null> {
  // Both may be let in, until the renewed one is used: the newer is to stay.
  const candidates = [copy, own]
    .filter((context): context is Context => context !== null && isAdminsHere(context, authority))
    .map((context) => ({ context, certificate: new X509Certificate(context.certificatePem) }))
    .sort((a, b) => Date.parse(b.certificate.validFrom) - Date.parse(a.certificate.validFrom));
  for (const { context, certificate } of candidates) {
    const identity = identityOf(certificate.raw);
    await users.adopt('admin', identity, context.certificatePem);
    if (await users.isCurrent(identity)) return { ...context, address };
  }
  if (own !== null && isAdminsHere(own, authority)) return null;
  // Whoever took the file away and started again owns this machine, and so gets the first user back.
  const { certificatePem, keyPem } = await users.add(ADMIN, 'admin');
  return { name: ADMIN, address, caPem: authority.caPem, certificatePem, keyPem };
}

/** Whether a context is the first user's at this coordinator. */
function isAdminsHere({ name, caPem }: Context, { caPem: ours }: Authority): boolean {
  const trusted = new Set(certificatesIn(ours).map(certificateHash));
  return name === ADMIN && certificatesIn(caPem).some((ca) => trusted.has(certificateHash(ca)));
}
