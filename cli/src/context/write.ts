import { renameSync, writeFileSync } from 'node:fs';
import { BothendsError, writeFailure } from '@bothends/proto';
import type { Context } from './context.js';

/**
 * Writes a context file that only its owner reads; whoever looks finds the old one or the new one.
 * @throws BothendsError as `writeFailure` says where it cannot be written
 */
export function writeContextFile(path: string, context: Context): void {
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    const { code, why } = writeFailure(cause);
    throw new BothendsError(code, `the context file ${path} cannot be written (${why}): name another place`, {
      cause,
    });
  }
}
