// Builds the add-ons into dist/native of their packages, where a C compiler and Node's headers are: the capture back end
// packet-mmap, and fast ways to decode plain packets and to match uneventful segments. Plain node without dependencies, because
// set-ups run it. Where they cannot be built agents capture with tcpdump and all else is done in JavaScript, so that is said and
// is no failure.
//
// usage: node agent/native/build.mjs

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** By package what its add-ons are made of, each of the file of its name; all of a package's files count for whether one is current. */
const PACKAGES = [
  {
    name: 'agent',
    addons: ['packet-mmap', 'plain-decode', 'read-ahead'],
    headers: ['plain-packet.h', 'scan.h', 'target.h', 'file-runs.h'],
  },
  {
    name: 'coordinator',
    addons: ['train'],
    headers: ['columns.h', 'flow-table.h', 'records.h', 'waiting.h'],
  },
];
/** Source, other files that it may be made of, and the add-on that it becomes. */
const ADDONS = PACKAGES.flatMap(({ name, addons, headers }) => {
  const native = join(ROOT, name, 'native');
  const sources = [...addons.map((addon) => `${addon}.c`), ...headers].map((file) => join(native, file));
  const built = join(ROOT, name, 'dist', 'native');
  return addons.map((addon) => ({
    source: join(native, `${addon}.c`),
    sources,
    built: join(built, `${addon}.node`),
  }));
});

/** Where Node's headers are: beside the program (its own archives, containers), in Debian's libnode-dev. */
const HEADERS = [
  join(dirname(dirname(process.execPath)), 'include', 'node'),
  '/usr/include/node',
  '/usr/include/nodejs/src',
];
/** Node-API is the same in every release from here on, so one build serves all (napi_create_external_arraybuffer is of 1). */
const NODE_API = 8;
const FLAGS = [
  '-std=gnu11',
  '-O2',
  '-fPIC',
  '-shared',
  '-pthread',
  '-Wall',
  '-Wextra',
  '-Wno-unused-parameter',
];

/** Why they were not built; '' when they are there. */
function build() {
  if (process.platform !== 'linux') return 'packet sockets are of Linux only';
  const missing = ADDONS.filter((addon) => !isCurrent(addon));
  if (missing.length === 0) return '';
  const headers = HEADERS.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (headers === undefined)
    return "Node's headers are not installed (on Debian: apt-get install libnode-dev)";
  for (const addon of missing) {
    const why = compile(addon, headers);
    if (why !== '') return why;
  }
  return '';
}

function compile({ source, built }, headers) {
  mkdirSync(dirname(built), { recursive: true });
  // Into place in one step: an agent that runs keeps the file that it has loaded.
  const half = `${built}.${process.pid}`;
  const compiler = process.env.CC ?? 'cc';
  const args = [...FLAGS, `-DNAPI_VERSION=${NODE_API}`, `-I${headers}`, '-o', half, source];
  const { error, status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error?.code === 'ENOENT')
    return `there is no C compiler ${compiler} (on Debian: apt-get install gcc libc6-dev)`;
  if (status !== 0) {
    rmSync(half, { force: true });
    return `the compiler said:\n${(error?.message ?? stderr).trim()}`;
  }
  renameSync(half, built);
  return '';
}

function isCurrent({ built, sources }) {
  const file = statSync(built, { throwIfNoEntry: false });
  return file !== undefined && sources.every((source) => file.mtimeMs > statSync(source).mtimeMs);
}

const why = build();
if (why !== '')
  process.stderr.write(
    `not all of the add-ons are built, so that tcpdump captures or decoding takes longer: ${why}\n`,
  );
