import { renameSync, writeFileSync } from 'node:fs';
import { BothendsError } from '@bothends/proto';
import type { Context } from './context.js';

/**
 * Writes a context file that only its owner reads; whoever looks finds the old one or the new one.
 * @throws BothendsError `failed-precondition` where it cannot be written
 */
export function writeContextFile(path: string, context: Context): void {
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new BothendsError(
      'failed-precondition',
      `the context file ${path} cannot be written (${why}): name another place`,
      { cause },
    );
  }
}
