import { toBothendsError } from '@bothends/proto';
import { hasOtherAuthorities, isDue, renewed } from '@bothends/proto/trust/renewal';
import type { Context } from '../context/context.js';
import { writeContextFile } from '../context/write.js';
import type { Io } from '../io.js';
import type { Connection } from './client.js';

/**
 * Renews the user's certificate in the context file if it is due, or the coordinator has other authorities than the
 * context. Never rejects: the command has done what it was
 * called for, and the next one tries again.
 */
export async function renewContext(
  path: string,
  context: Context,
  connection: Connection,
  io: Io,
): Promise<void> {
  try {
    const isWanted =
      isDue(context.certificatePem, io.now()) || hasOtherAuthorities(context, connection.authorities);
    if (!isWanted) return;
    const ask = (csr: Buffer) => connection.call(connection.stub.renewUser, { csr, takesAuthorities: true });
    writeContextFile(path, await renewed(context, ask));
  } catch (error) {
    io.stderr.write(`The certificate in ${path} was not renewed: ${toBothendsError(error).message}\n`);
  }
}
