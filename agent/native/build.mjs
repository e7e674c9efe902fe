// Builds the add-ons into agent/dist/native, where a C compiler and Node's headers are: the capture back end packet-mmap, and
// a fast way to decode plain packets. Plain node without dependencies, because set-ups run it. Where they cannot be built
// agents capture with tcpdump and all is decoded in JavaScript, so that is said and is no failure.
//
// usage: node agent/native/build.mjs

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILT = join(dirname(HERE), 'dist', 'native');
/** Each made of the file of its name; all of these files count for whether one is current. */
const ADDONS = ['packet-mmap', 'plain-decode'];
const SOURCES = [...ADDONS.map((name) => `${name}.c`), 'plain-packet.h'].map((name) => join(HERE, name));

/** Where Node's headers are: beside the program (its own archives, containers), in Debian's libnode-dev. */
const HEADERS = [
  join(dirname(dirname(process.execPath)), 'include', 'node'),
  '/usr/include/node',
  '/usr/include/nodejs/src',
];
/** Node-API is the same in every release from here on, so one build serves all (napi_create_external_arraybuffer is of 1). */
const NODE_API = 8;
const FLAGS = ['-std=gnu11', '-O2', '-fPIC', '-shared', '-Wall', '-Wextra', '-Wno-unused-parameter'];

/** Why they were not built; '' when they are there. */
function build() {
  if (process.platform !== 'linux') return 'packet sockets are of Linux only';
  const missing = ADDONS.filter((name) => !isCurrent(builtFile(name)));
  if (missing.length === 0) return '';
  const headers = HEADERS.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (headers === undefined)
    return "Node's headers are not installed (on Debian: apt-get install libnode-dev)";
  mkdirSync(BUILT, { recursive: true });
  for (const name of missing) {
    const why = compile(name, headers);
    if (why !== '') return why;
  }
  return '';
}

function compile(name, headers) {
  const built = builtFile(name);
  // Into place in one step: an agent that runs keeps the file that it has loaded.
  const half = `${built}.${process.pid}`;
  const compiler = process.env.CC ?? 'cc';
  const source = join(HERE, `${name}.c`);
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

function builtFile(name) {
  return join(BUILT, `${name}.node`);
}

function isCurrent(file) {
  const built = statSync(file, { throwIfNoEntry: false });
  return built !== undefined && SOURCES.every((source) => built.mtimeMs > statSync(source).mtimeMs);
}

const why = build();
if (why !== '')
  process.stderr.write(
    `not all of the add-ons are built, so that tcpdump captures or decoding takes longer: ${why}\n`,
  );
