// Runs the bundle of `bothends analyze` once and keeps the code that V8 made of it, see cli/bin/code-cache.js. A process of its
// own: V8 drops code that was not used for a while, which in a long build it does.
//
// usage: node deploy/warm-bundle.mjs

import { fileURLToPath } from 'node:url';
import { BUNDLE } from '../cli/bin/bundled.js';
import { load, storeCode } from '../cli/bin/code-cache.js';

/** One without a fault and one with. */
const CAPTURES = ['healthy-v4', 'data-loss-toward-client'];

const silent = { write: () => {}, isTTY: false, columns: 80 };
const { main, processIo } = load(BUNDLE);
for (const name of CAPTURES) {
  const paths = ['client', 'server'].map((end) =>
    fileURLToPath(new URL(`../test/captures/${name}/${end}.pcap`, import.meta.url)),
  );
  await main(['analyze', ...paths], { ...processIo(), stdout: silent, stderr: silent });
}
storeCode();
