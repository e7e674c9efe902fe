import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { BothendsError } from '@bothends/proto';
import type { Io } from './io.js';

/** Where an agent is to run, apart from where it was started. */
export interface Confinement {
  /** Unprivileged user; null: whoever starts it. */
  readonly user: string | null;
  /** File of a network namespace; null: the present one. */
  readonly networkNamespace: string | null;
  /** Stays with the agent to enter pods for it, with the rights that the agent gives up; null: nobody does. */
  readonly broker: Broker | null;
}

/** Gets the agent's process, which has a channel to this one, and the ids of its user. */
export interface Broker {
  /** Set to 1 in the agent's environment. */
  readonly variable: string;
  readonly serve: (agent: ChildProcess, account: { uid: number; gid: number } | null) => void;
}

/** In its own mounts, because /sys shows the network devices of whoever mounted it. The rest is arguments, not shell. */
const OWN_SYSFS = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'];
const MOUNT_AND_GO = 'mount -t sysfs sysfs /sys && exec "$@"';

/**
 * Runs this command again, confined, with the same arguments except those that ask for it; resolves with its exit
 * status. This process passes signals on and waits, and enters pods where the agent may ask for that.
 * @param dataDir made for the user when missing
 * @param input what it reads from its standard input; null: what this process reads
 * @throws BothendsError `permission-denied` for anybody but root, `not-found` for an unknown user
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
      '--user, --netns and --pods change what a process may do: only root can',
    );
  }
  if (where.user !== null) giveFolder(dataDir, where.user);
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...args];
  const [file = '', ...rest] = [...enter(where.networkNamespace), ...become(where.user), ...self];
  const { user, broker } = where;
  const child = spawn(file, rest, {
    stdio: [input === null ? 'inherit' : 'pipe', 'inherit', 'inherit', ...(broker ? ['ipc' as const] : [])],
    env: { ...process.env, ...(broker && { [broker.variable]: '1' }) },
  });
  broker?.serve(child, user === null ? null : { uid: idOf(user, '-u'), gid: groupOf(user) });
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
    // An agent whose parent is gone ends in good order, rather than keep its data from the next one.
    ...['--pdeathsig', 'TERM'],
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
