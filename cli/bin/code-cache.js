// Runs CommonJS files with the code that V8 made of them before: parsing and compiling half a megabyte took a third of the
// time until the first packet. The code is kept beside each file (`FILE.cache`) by the build (deploy/bundle.mjs), after a run,
// so that it has the functions, too, that V8 compiles when they are first called. V8 refuses code of another version of
// itself and compiles anew; a build that makes other files removes it.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

/** Files that were run in this thread, by path: the script, and what it exports. */
const loaded = new Map();

/** What the CommonJS file at a file URL exports; those of its own folder that it requires are run in the same way. */
export function load(url) {
  return run(fileURLToPath(url));
}

/** Keeps the code of all that was run so far. */
export function storeCode() {
  for (const [file, { script }] of loaded) writeFileSync(cacheOf(file), script.createCachedData());
}

function run(file) {
  const known = loaded.get(file);
  if (known !== undefined) return known.module.exports;
  const script = new vm.Script(
    `(function (exports, require, module, __filename) {${readFileSync(file)}\n})`,
    {
      filename: file,
      cachedData: cachedCode(file),
      // Modules from Node 20.12 on; before that a command that `analyze` never needs is not found.
      importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    },
  );
  const module = { exports: {} };
  loaded.set(file, { script, module });
  const others = createRequire(file);
  const require = (name) => (name.startsWith('./') ? run(join(dirname(file), name)) : others(name));
  script.runInThisContext()(module.exports, require, module, file);
  return module.exports;
}

function cachedCode(file) {
  try {
    return readFileSync(cacheOf(file));
  } catch {
    return undefined;
  }
}

function cacheOf(file) {
  return `${file}.cache`;
}
