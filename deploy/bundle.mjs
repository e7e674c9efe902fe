// Makes the bundle of `bothends analyze`, see cli/bin/bundled.js. After the build; does nothing where it is current.
//
// usage: node deploy/bundle.mjs

import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { BUNDLE, isBundleCurrent } from '../cli/bin/bundled.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** What `analyze` runs: the command line, and the threads that it starts, which are looked for beside it. */
const ENTRIES = {
  'analyze-bundle': path('../cli/dist/analyze/bundled.js'),
  'read-worker': path('../agent/dist/capture/pcapfile/read-worker.js'),
  'inflate-worker': path('../agent/dist/capture/pcapfile/inflate-worker.js'),
};

/** The other commands stay files of their own: the bundle is never started for them. */
const OTHER_COMMAND = /\/commands\/(?!analyze\.js$)[^/]+$/;
/** Packages with native code or files beside their own; nothing of them is needed to read two files. */
const FOREIGN = /^(node:|@grpc\/|@bufbuild\/|pino$|better-sqlite3$)/;

if (!isBundleCurrent()) {
  const bundle = await rolldown({
    input: ENTRIES,
    platform: 'node',
    external: (id) => FOREIGN.test(id) || OTHER_COMMAND.test(id),
    optimization: { inlineConst: { mode: 'all', pass: 3 } },
  });
  await bundle.write({
    dir: fileURLToPath(new URL('.', BUNDLE)),
    format: 'esm',
    chunkFileNames: 'analyze-bundle-[name].js',
  });
  await bundle.close();
}
