// What the bundle of `bothends analyze` exports (cli/bin/bundled.js): what main.ts does, after the thread that will read the
// files was started. It is ready when the command line is understood and the engine loaded.
import { expectFiles } from '@bothends/agent/capture/pcapfile/reading-thread';

expectFiles(process.argv.slice(2));
export const { main, processIo } = await import('../main.js');
