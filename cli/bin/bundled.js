// `bothends analyze` and its reading threads also exist as a few files made of all the others (deploy/bundle.mjs). They load
// in half the time, and constants of other modules stand in their code as numbers, which the compiler otherwise
// loads from memory each time: a third of the engine's time per packet.

import { statSync } from 'node:fs';

const DIST = new URL('../dist/', import.meta.url);
/** What the compiler writes last into each package that goes into the bundle. */
const BUILT = ['proto', 'agent', 'coordinator', 'cli'].map(
  (name) => new URL(`../../${name}/dist/.tsbuildinfo`, DIST),
);

/** The bundle's entry; exports what `dist/main.js` does. To be run by `code-cache.js`. */
export const BUNDLE = new URL('analyze-bundle.cjs', DIST);

/** Whether the bundle is there and no package was built since. Where nobody builds (an installation) it is current. */
export function isBundleCurrent() {
  const madeMs = modifiedMs(BUNDLE);
  return madeMs > 0 && BUILT.every((sign) => modifiedMs(sign) <= madeMs);
}

/** Epoch ms, 0 for what is not there. */
function modifiedMs(url) {
  return statSync(url, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
