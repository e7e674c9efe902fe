import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { BothendsError } from '@bothends/proto';
import type { Io } from './io.js';

/** Where an agent is to run, apart from where it was started. */
export interface Confinement {
  /** Unprivileged user; null: whoever starts it. */
  readonly user: string | null;
  /** File of a network namespace; null: the present one. */
  readonly networkNamespace: string | null;
}

/** In its own mounts, because /sys shows the network devices of whoever mounted it. The rest is arguments, not shell. */
const OWN_SYSFS = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'];
const MOUNT_AND_GO = 'mount -t sysfs sysfs /sys && exec "$@"';

/**
 * Runs this command again, confined, with the same arguments but those that say how; resolves with its exit status.
 * The process that was started only waits and passes signals on.
 * @param dataDir made for the user when missing
 * @param input what it reads from its standard input; null: what this process reads
 * @throws BothendsError `permission-denied` for anybody but root, `not-found` for a user that there is not
 */
export async function runConfined(
  where: Confinement,
  dataDir: string,
  args: readonly string[],
  io: Io,
  input: string | null = null,
): Promise<number> {
  if (process.getuid?.() !== 0) {
    throw new BothendsError(
      'permission-denied',
      '--user and --netns change what a process may do: only root can',
    );
  }
  if (where.user !== null) giveFolder(dataDir, where.user);
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...args];
  const [file = '', ...rest] = [...enter(where.networkNamespace), ...become(where.user), ...self];
  const child = spawn(file, rest, { stdio: [input === null ? 'inherit' : 'pipe', 'inherit', 'inherit'] });
  child.stdin?.end(input);
  const stop = io.onInterrupt(() => child.kill('SIGTERM'));
  const reload = io.onHangup(() => child.kill('SIGHUP'));
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status) => resolve(status ?? 1));
    });
  } finally {
    stop();
    reload();
  }
}

/** The file of a network namespace that a path or the id of a process in it names. @throws BothendsError `not-found` */
export function namespaceFile(pathOrPid: string): string {
  const path = /^\d+$/.test(pathOrPid) ? `/proc/${pathOrPid}/ns/net` : pathOrPid;
  if (existsSync(path)) return path;
  throw new BothendsError(
    'not-found',
    `there is no network namespace ${path}: give a file such as /run/netns/NAME, or the id of a process in it`,
  );
}

function enter(networkNamespace: string | null): string[] {
  if (networkNamespace === null) return [];
  return ['nsenter', `--net=${networkNamespace}`, ...OWN_SYSFS, MOUNT_AND_GO, 'sh'];
}

/** Only the right to read packets is kept, and none can be gained again. */
function become(user: string | null): string[] {
  if (user === null) return [];
  const rights = ['--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw'];
  return [
    'setpriv',
    `--reuid=${user}`,
    `--regid=${groupOf(user)}`,
    '--init-groups',
    ...rights,
    '--no-new-privs',
  ];
}

function giveFolder(dataDir: string, user: string): void {
  if (existsSync(dataDir)) return;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chownSync(dataDir, idOf(user, '-u'), groupOf(user));
}

function groupOf(user: string): number {
  return idOf(user, '-g');
}

function idOf(user: string, what: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [what, '--', user], { encoding: 'utf8' });
  if (status === 0) return Number(stdout);
  throw new BothendsError(
    'not-found',
    `there is no user ${user} on this host: make one, such as with adduser --system`,
  );
}
