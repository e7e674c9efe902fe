import { toBothendsError } from '@bothends/proto';
import { isDue, renewed } from '@bothends/proto/trust/renewal';
import type { Context } from '../context/context.js';
import { writeContextFile } from '../context/write.js';
import type { Io } from '../io.js';
import type { Connection } from './client.js';

/**
 * Renews the user's certificate in the context file if it is due. Never rejects: the command has done what it was
 * called for, and the next one tries again.
 */
export async function renewContext(
  path: string,
  context: Context,
  connection: Connection,
  io: Io,
): Promise<void> {
  try {
    if (!isDue(context.certificatePem, io.now())) return;
    const ask = async (csr: Buffer) => {
      const { certificatePem } = await connection.call(connection.stub.renewUser, { csr });
      return certificatePem;
    };
    writeContextFile(path, await renewed(context, ask));
  } catch (error) {
    io.stderr.write(`The certificate in ${path} was not renewed: ${toBothendsError(error).message}\n`);
  }
}
