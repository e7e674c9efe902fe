import type { Logger } from 'pino';
import type { Authority } from './authority.js';
import { type Context, publishContext, readContext, writeContext } from './context.js';
import type { Users } from './users.js';

/** The first user. Others are made by it. */
const ADMIN = 'admin';

/**
 * Keeps the administrator's context in the data directory, made on first start, and puts a copy where the CLI of
 * this machine looks. A context of another coordinator is left alone.
 * @param address `host:port` for clients on this machine
 * @param cliPath null to put no copy anywhere
 */
export async function publishAdminContext(
  authority: Authority,
  users: Users,
  address: string,
  ownPath: string,
  cliPath: string | null,
  logger: Logger,
): Promise<void> {
  const context = await adminContext(authority, users, address, ownPath);
  await writeContext(ownPath, context);
  if (cliPath === null) return;
  try {
    const outcome = await publishContext(cliPath, context);
    if (outcome === 'foreign') {
      logger.warn(
        { path: cliPath },
        `this context file belongs to another coordinator and was left alone: use --context ${ownPath}, or remove it and start again`,
      );
    } else {
      logger.info({ path: cliPath, outcome }, 'context of the administrator');
    }
  } catch (error) {
    // Such as a service without a home directory: the copy in the data directory serves.
    logger.warn(
      { path: cliPath, error: (error as Error).message },
      `context not written: use --context ${ownPath}`,
    );
  }
}

async function adminContext(
  authority: Authority,
  users: Users,
  address: string,
  ownPath: string,
): Promise<Context> {
  const present = await readContext(ownPath);
  if (present !== null && present.caPem === authority.caPem) {
    await users.adopt(ADMIN, 'admin', present.certificatePem);
    return { ...present, address };
  }
  // Whoever took the file away and started again owns this machine, and so gets the first user back.
  const { certificatePem, keyPem } = await users.add(ADMIN, 'admin');
  return { name: ADMIN, address, caPem: authority.caPem, certificatePem, keyPem };
}
