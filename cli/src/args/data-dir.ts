import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where an agent or a coordinator keeps what it must not lose: the system's folder for root, else the user's. */
export function defaultDataDir(part: 'agent' | 'coordinator', env: Environment): string {
  if (process.getuid?.() === 0) return join('/var/lib/bothends', part);
  const base = env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local/share');
  return join(base, 'bothends', part);
}
