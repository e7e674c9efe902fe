import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Both helpers are done in milliseconds; a host where they are not gets Node's own pipe. */
const HELPER_MS = 2_000;

/** What a pipe may have without privileges (fs.pipe-max-size); 10 ms of tcpdump's output at 500 000 packets/s. */
const WANTED_BYTES = 1024 * 1024;
/** fcntl(2) on Linux. */
const F_SETPIPE_SZ = 1031;

/** Both ends of a pipe that a child process writes to. */
export interface PacketPipe {
  readonly readEnd: Readable;
  /** File descriptor for the child; to be closed here once the child has it. */
  readonly writeEnd: number;
  /** True when it holds so much that the reader may let it fill for a moment. */
  readonly large: boolean;
}

/**
 * A named pipe, its name removed again; null where none can be made. What Node gives a child for its output is a socket,
 * which keeps each write in a buffer of its own: with one write per packet it costs both sides more than a pipe, which
 * fills whole pages, and holds fewer packets.
 */
export async function openPacketPipe(): Promise<PacketPipe | null> {
  let directory: string | null = null;
  try {
    directory = mkdtempSync(join(tmpdir(), 'bothends-'));
    const path = join(directory, 'packets');
    // Nobody else gets into the folder. Others may write so that a broker of pods, which may have no other right of
    // root over files than to see this process's descriptors, can hand it on to a tcpdump in a pod.
    await run('mkfifo', ['-m', '602', path], { timeout: HELPER_MS });
    // The reader first, or opening the writer would wait for it; only our end is non-blocking.
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeEnd = openSync(path, constants.O_WRONLY);
    const large = await enlarge(writeEnd);
    return { writeEnd, readEnd: new Socket({ fd: readEnd, readable: true, writable: false }), large };
  } catch {
    return null;
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}

/** Node has no fcntl; perl, which every Debian has, does it in its place. False where it does not work. */
async function enlarge(pipe: number): Promise<boolean> {
  const program = `exit(fcntl(STDOUT, ${F_SETPIPE_SZ}, ${WANTED_BYTES}) ? 0 : 1)`;
  const child: ChildProcess = spawn('perl', ['-e', program], {
    stdio: ['ignore', pipe, 'ignore'],
    timeout: HELPER_MS,
  });
  return await new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
  });
}
