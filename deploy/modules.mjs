// Which npm packages run in which part, read off the lock file: for the Debian package and the bill of materials.
//
// usage: node deploy/modules.mjs agent|all      prints their folders, one a line
//   agent  what the Debian package of the agent holds
//   all    agent, coordinator and command, without what only development needs

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a part begins with: the dependencies of these workspaces, all of them or those that are named. */
const PARTS = {
  // The command's own part in it is the reader of arguments. `cap` is left out: it is built for one release of Node, and
  // tcpdump, on which the package depends, is the better back end.
  agent: { workspaces: ['proto', 'agent'], besides: ['commander'], optional: false },
  all: { workspaces: ['proto', 'agent', 'coordinator', 'cli'], besides: [], optional: true },
};

const TYPES = /node_modules\/(?:@types\/|undici-types$)/;

/**
 * Folders of a part's npm packages with what the lock file says of each.
 * @param {'agent' | 'all'} part
 * @returns {Map<string, { version: string, integrity: string, license?: string }>} by folder, `node_modules/…`
 */
export function modulesOf(part) {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const { workspaces, besides, optional } = PARTS[part];
  const found = new Map();
  const visit = (from, name, required) => {
    const folder = resolve(packages, from, name);
    if (folder === null && required)
      throw new Error(`package-lock.json has no ${name} for ${from}: npm install`);
    // Of this house, not for this platform, types of which nothing runs, or known.
    if (folder === null || packages[folder].link || TYPES.test(folder) || found.has(folder)) return;
    found.set(folder, packages[folder]);
    follow(folder);
  };
  const follow = (folder) => {
    const { dependencies = {}, optionalDependencies = {} } = packages[folder];
    for (const name of Object.keys(dependencies)) visit(folder, name, true);
    if (optional) for (const name of Object.keys(optionalDependencies)) visit(folder, name, false);
  };
  for (const workspace of workspaces) follow(workspace);
  for (const name of besides) visit('', name, true);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where Node finds a package: below the folder that asks, else below the nearest one around it; null where nowhere. */
function resolve(packages, from, name) {
  for (const folder of [...around(from), '']) {
    const candidate = join(folder, 'node_modules', name);
    if (packages[candidate]) return candidate;
  }
  return null;
}

/** `node_modules/a/node_modules/b`, `node_modules/a`; a workspace alone. */
function around(folder) {
  const outer = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));
  return outer === '' ? [folder] : [folder, ...around(outer)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const part = process.argv[2] ?? '';
  if (!Object.hasOwn(PARTS, part)) {
    process.stderr.write('usage: node deploy/modules.mjs agent|all\n');
    process.exitCode = 2;
  } else for (const folder of modulesOf(part).keys()) process.stdout.write(`${folder}\n`);
}
