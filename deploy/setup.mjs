// Makes a clone ready to run: Debian packages, npm packages, build. Plain node without dependencies, because it runs
// before anything is installed; every npm script calls it first. Quiet and fast when nothing is to do.
//
// usage: node deploy/setup.mjs [--quiet] [--bench]
//   --quiet  say only what is wrong
//   --bench  also install what `npm run bench` compares with

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const QUIET = process.argv.includes('--quiet');
/** As in package.json: the first release with everything that the sources use. */
const NODE_MINIMUM = [20, 11];

/** Debian packages, and the program or file that shows that one is there. */
const PACKAGES = [
  // Capture, and the lab's virtual hosts.
  ['tcpdump', 'tcpdump'],
  ['iproute2', 'ip'],
  ['nftables', 'nft'],
  ['ethtool', 'ethtool'],
  ['procps', 'sysctl'],
  // Independent truth for tests, and traffic at a chosen rate.
  ['tshark', 'tshark'],
  ['tcpreplay', 'tcpreplay'],
  // The page is tested in a real browser.
  ['chromium', 'chromium'],
  // To build the native add-ons where no prebuilt one fits.
  ['libpcap-dev', '/usr/include/pcap/pcap.h'],
  ['python3', 'python3'],
  ['make', 'make'],
  ['g++', 'g++'],
];
const BENCH_PACKAGES = [['tcptrace', 'tcptrace']];

/** Built from source or fetched by install scripts, so an interrupted installation shows here. */
const NATIVE_ADDON = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';

/** How long to wait for another set-up of the same clone: a full installation on a slow machine. */
const LOCK_WAIT_MS = 10 * 60_000;
const LOCK_POLL_MS = 200;

class SetupError extends Error {}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])) return;
  throw new SetupError(
    `this is Node ${process.versions.node}; bothends needs ${NODE_MINIMUM.join('.')} or newer`,
  );
}

/** Missing packages limit what can run; they are no reason to stop. */
function installDebianPackages() {
  const wanted = process.argv.includes('--bench') ? [...PACKAGES, ...BENCH_PACKAGES] : PACKAGES;
  const missing = wanted.filter(([, sign]) => !present(sign)).map(([name]) => name);
  if (missing.length === 0) return;
  if (!present('apt-get')) return warn(`not installed, and this is no Debian: ${missing.join(' ')}`);
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid() !== 0)
    return warn(`some tests and the demo's live part will be skipped without: sudo sh -c "${command}"`);
  say(`installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, output } = run('sh', ['-c', command], env);
  if (status !== 0) warn(`${command} failed; what needs these packages will not run:\n${tail(output)}`);
}

function present(sign) {
  if (sign.startsWith('/')) return existsSync(sign);
  // Tools of the administrator are not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, sign)));
}

function installNpmPackages() {
  if (npmPackagesCurrent()) return;
  try {
    accessSync(ROOT, constants.W_OK);
  } catch {
    throw new SetupError(`cannot write to ${ROOT}: clone to a folder of your own, or run as its owner`);
  }
  say('installing npm packages');
  const { status, output } = run('npm', ['ci', '--no-audit', '--no-fund']);
  if (status === 0) return;
  throw new SetupError(`npm ci failed; is the package registry reachable? It said:\n${head(output)}`);
}

/** True when what npm says it installed is what the lock file asks for. */
function npmPackagesCurrent() {
  if (!existsSync(join(ROOT, NATIVE_ADDON))) return false;
  const wanted = readJson('package-lock.json')?.packages ?? {};
  const installed = readJson('node_modules/.package-lock.json')?.packages ?? {};
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (!path.startsWith('node_modules/') || link) return true;
    return installed[path] ? installed[path].version === version : optional;
  });
}

function build() {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  for (const step of [[compiler, '-b', ROOT], [join(ROOT, 'deploy/bundle.mjs')]]) {
    const { status, output } = run(process.execPath, step);
    if (status !== 0) throw new SetupError(`the build failed:\n${head(output)}`);
  }
}

/** Says why not where it cannot be built: agents capture with tcpdump then. */
function buildAddon() {
  const { output } = run(process.execPath, [join(ROOT, 'agent/native/build.mjs')]);
  if (output !== '') say(output.trim());
}

/** Runs one set-up of this clone at a time. The lock is outside node_modules, which `npm ci` removes. */
async function locked(work) {
  const id = createHash('sha256').update(ROOT).digest('hex').slice(0, 16);
  // One for each user: nobody can remove what another one's dead process left in a sticky folder.
  const lock = join(tmpdir(), `bothends-setup-${userInfo().uid}-${id}`);
  const deadline = Date.now() + LOCK_WAIT_MS;
  while (!acquire(lock)) {
    if (Date.now() > deadline)
      throw new SetupError(`another set-up holds ${lock}; remove it if none is running`);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** A folder, because mkdir either makes it or fails. One whose owner has died is taken over. */
function acquire(lock) {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new SetupError(`cannot create ${lock}: ${error.message}`);
    if (ownerIsDead(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function ownerIsDead(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    // ENOENT: made this instant, its owner has yet to write its id. EPERM: another user's, and alive.
    return error.code === 'ESRCH';
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
  } catch {
    return null;
  }
}

function run(file, args, env = process.env) {
  const result = spawnSync(file, args, { cwd: ROOT, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.error) throw new SetupError(`cannot run ${file}: ${result.error.message}`);
  return { status: result.status, output: result.stdout + result.stderr };
}

/** npm and compilers say first what is wrong, apt-get last. */
function head(output) {
  return output.trim().split('\n').slice(0, 20).join('\n');
}

function tail(output) {
  return output.trim().split('\n').slice(-20).join('\n');
}

function say(text) {
  if (!QUIET) process.stderr.write(`setup: ${text}\n`);
}

function warn(text) {
  process.stderr.write(`setup: ${text}\n`);
}

try {
  checkNode();
  await locked(() => {
    installDebianPackages();
    installNpmPackages();
    build();
    buildAddon();
  });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  warn(error.message);
  process.exitCode = 1;
}
