import { rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';

const FILE = 'agent.sock';
/** `sun_path` of Linux less its NUL; Node cuts a longer path silently and locks something else. */
const MAX_SOCKET_PATH = 107;

/**
 * Locks a data directory for this process, since two agents on one spool would ruin it. Resolves with a function
 * that unlocks it. The lock is a listening socket: the kernel closes it however the process ends, so nobody has
 * to guess whether an old process still lives. Throws `failed-precondition` while another process has it.
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  const path = join(directory, FILE);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw unusable(path, `a socket's path has at most ${MAX_SOCKET_PATH} bytes`);
  }
  const first = await listen(path);
  if (first) return first;
  if (await answers(path)) throw taken(directory);
  // Left by a process that was killed.
  rmSync(path, { force: true });
  const second = await listen(path);
  if (second) return second;
  throw taken(directory);
}

/** What tells a data directory from every other one on this boot of the machine, copies of it included. */
export function directoryIdentity(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev}:${ino}`;
}

/** Null when the path is in use: by a process, or by what a dead one left. */
async function listen(path: string): Promise<(() => void) | null> {
  return await new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(unusable(path, error.message, error));
    });
    // The lock alone must not keep the process alive.
    server.listen(path, () => resolve(() => server.close())).unref();
  });
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function taken(directory: string): BothendsError {
  return new BothendsError(
    'failed-precondition',
    `another agent runs on ${directory}: stop it (systemctl stop bothends-agent), or use another --data`,
  );
}

function unusable(path: string, why: string, cause?: unknown): BothendsError {
  return new BothendsError('failed-precondition', `cannot lock ${path}: ${why}; use another --data`, {
    cause,
  });
}
