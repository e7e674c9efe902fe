import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { toBothendsError } from '@bothends/proto';
import { hasOtherAuthorities, isDue, renewed } from '@bothends/proto/trust/renewal';
import { type Context, loadContext } from '../context/context.js';
import { writeContextFile } from '../context/write.js';
import type { Io } from '../io.js';
import type { Connection } from './client.js';

/** A renewal takes as long as one call; a lock that is older was left by a command that was killed. */
const STALE_LOCK_MS = 60_000;

/**
 * Renews the user's certificate in the context file if it is due, or the coordinator has other authorities than the
 * context. Never rejects: the command has done what it was called for, and the next one tries again.
 */
export async function renewContext(
  path: string,
  context: Context,
  connection: Connection,
  io: Io,
): Promise<void> {
  try {
    const nowMs = connection.answeredMs ?? io.now();
    const isWanted =
      isDue(context.certificatePem, nowMs) || hasOtherAuthorities(context, connection.authorities);
    if (!isWanted) return;
    // Of two commands that renew at once the last to ask is the one with the valid certificate, and it might not be the
    // last to write.
    await withLock(`${path}.lock`, io.now(), async () => {
      if (loadContext(path).certificatePem !== context.certificatePem) return;
      const ask = (csr: Buffer) =>
        connection.call(connection.stub.renewUser, { csr, takesAuthorities: true });
      writeContextFile(path, await renewed(context, ask));
    });
  } catch (error) {
    io.stderr.write(`The certificate in ${path} was not renewed: ${toBothendsError(error).message}\n`);
  }
}

/** Runs `body` unless another command holds the lock. */
async function withLock(lock: string, nowMs: number, body: () => Promise<void>): Promise<void> {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const { mtimeMs } = statSync(lock);
    if (nowMs - mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
    return;
  }
  try {
    await body();
  } finally {
    rmSync(lock, { force: true });
  }
}
