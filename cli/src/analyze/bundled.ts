import { expectFiles } from '@bothends/agent/reading';
import type { Io } from '../io.js';

export { processIo } from '../io.js';

// The thread that will read the files is ready when the command line is understood and the engine loaded.
expectFiles(process.argv.slice(2));

/** As in main.ts. The entry of the bundle (cli/bin/bundled.js). */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const loaded = await import('../main.js');
  return loaded.main(argv, io);
}
