import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TrainAddon } from './engine/match/train.js';

/** What `engine/match/train.ts` expects of the add-on, see REVISION in `native/train.c`. */
const REVISION = 6;

let found: TrainAddon | null | undefined;

/** The add-on that `agent/native/build.mjs` builds into this package, whatever this file was bundled into; null without. */
export function trainAddon(): TrainAddon | null {
  found ??= load();
  return found;
}

function load(): TrainAddon | null {
  const require = createRequire(import.meta.url);
  try {
    const built = join(require.resolve('@bothends/coordinator/engines'), '../native/train.node');
    const addon = require(built) as TrainAddon;
    return addon.revision === REVISION ? addon : null;
  } catch {
    return null;
  }
}
