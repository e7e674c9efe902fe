import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';
import { TapState } from '@bothends/proto/gen/bothends/v1/agent';

const FILE = 'tap.json';

/**
 * What an agent must know of a tap after a restart, beside its spool: its state as it was last reported. Never the
 * digest key: a tap that is not running needs it no more.
 */
export function saveTapFile(directory: string, state: TapState): void {
  const path = join(directory, FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(TapState.toJSON(state))}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Throws `data-loss` when there is no readable state in the directory. */
export function loadTapFile(directory: string): TapState {
  const path = join(directory, FILE);
  try {
    return TapState.fromJSON(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new BothendsError('data-loss', `${path} cannot be read: the tap of this spool is not known`, {
      cause,
    });
  }
}
