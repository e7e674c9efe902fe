// Builds the add-on of the capture back end packet-mmap into agent/dist/native, where a C compiler and Node's headers
// are. Plain node without dependencies, because set-ups run it. Where it cannot be built agents capture with tcpdump,
// so that is said and is no failure.
//
// usage: node agent/native/build.mjs

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, 'packet-mmap.c');
const BUILT = join(dirname(HERE), 'dist', 'native', 'packet-mmap.node');

/** Where Node's headers are: beside the program (its own archives, containers), in Debian's libnode-dev. */
const HEADERS = [
  join(dirname(dirname(process.execPath)), 'include', 'node'),
  '/usr/include/node',
  '/usr/include/nodejs/src',
];
/** Node-API is the same in every release from here on, so one build serves all (napi_create_external_arraybuffer is of 1). */
const NODE_API = 8;
const FLAGS = ['-std=gnu11', '-O2', '-fPIC', '-shared', '-Wall', '-Wextra', '-Wno-unused-parameter'];

/** Why it was not built; '' when it is there. */
function build() {
  if (process.platform !== 'linux') return 'packet sockets are of Linux only';
  if (isCurrent()) return '';
  const headers = HEADERS.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (headers === undefined)
    return "Node's headers are not installed (on Debian: apt-get install libnode-dev)";
  mkdirSync(dirname(BUILT), { recursive: true });
  // Into place in one step: an agent that runs keeps the file that it has loaded.
  const half = `${BUILT}.${process.pid}`;
  const compiler = process.env.CC ?? 'cc';
  const args = [...FLAGS, `-DNAPI_VERSION=${NODE_API}`, `-I${headers}`, '-o', half, SOURCE];
  const { error, status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error?.code === 'ENOENT')
    return `there is no C compiler ${compiler} (on Debian: apt-get install gcc libc6-dev)`;
  if (status !== 0) {
    rmSync(half, { force: true });
    return `the compiler said:\n${(error?.message ?? stderr).trim()}`;
  }
  renameSync(half, BUILT);
  return '';
}

function isCurrent() {
  const built = statSync(BUILT, { throwIfNoEntry: false });
  return built !== undefined && built.mtimeMs > statSync(SOURCE).mtimeMs;
}

const why = build();
if (why !== '') process.stderr.write(`packet-mmap is not built, agents will capture with tcpdump: ${why}\n`);
