// Makes the bundle of `bothends analyze`, see cli/bin/bundled.js. After the build; does nothing where it is current.
//
// usage: node deploy/bundle.mjs

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { BUNDLE, isBundleCurrent } from '../cli/bin/bundled.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const FOLDER = fileURLToPath(new URL('.', BUNDLE));

/** Threads that `analyze` starts; their scripts are looked for beside it. */
const THREADS = ['read-worker', 'inflate-worker'];
/** What `analyze` runs: the command line, and the threads. */
const ENTRIES = {
  'analyze-bundle': path('../cli/dist/analyze/bundled.js'),
  ...Object.fromEntries(THREADS.map((name) => [name, path(`../agent/dist/capture/pcapfile/${name}.js`)])),
};

/** The other commands stay files of their own: the bundle is never started for them. */
const OTHER_COMMAND = /\/commands\/(?!analyze\.js$)[^/]+$/;
/** Packages with native code or files beside their own; nothing of them is needed to read two files. */
const FOREIGN = /^(node:|@grpc\/|@bufbuild\/|pino$|better-sqlite3$)/;
/** What was made before, and the code that V8 made of it. */
const MADE = /^(analyze-bundle|read-worker|inflate-worker)[^/]*\.(c?js|cache)$/;

if (!isBundleCurrent()) {
  for (const name of readdirSync(FOLDER)) if (MADE.test(name)) rmSync(join(FOLDER, name));
  const bundle = await rolldown({
    input: ENTRIES,
    platform: 'node',
    external: (id) => FOREIGN.test(id) || OTHER_COMMAND.test(id),
    optimization: { inlineConst: { mode: 'all', pass: 3 } },
  });
  await bundle.write({
    dir: FOLDER,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'analyze-bundle-[name].cjs',
  });
  await bundle.close();
  for (const name of THREADS) {
    const script = `import { load } from '../bin/code-cache.js';\n\nload(new URL('${name}.cjs', import.meta.url));\n`;
    writeFileSync(join(FOLDER, `${name}.js`), script);
  }
  const { status, stderr } = spawnSync(process.execPath, [path('warm-bundle.mjs')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the bundle of analyze does not run:\n${stderr}`);
}
