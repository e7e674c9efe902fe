import { createInterface } from 'node:readline';

/** A stream that a command writes text to. */
export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in character cells; 0 when unknown. */
  readonly columns: number;
}

/** Everything a command touches outside its arguments, so that tests can stand in for it. */
export interface Io {
  /** Data only. */
  readonly stdout: Sink;
  /** Progress, logs and errors. */
  readonly stderr: Sink;
  /** Whether a person types what `readLine` reads. */
  readonly stdinIsTTY: boolean;
  /** First line of standard input, empty where there is none. */
  readLine(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Wall clock, epoch ms. */
  now(): number;
  /** Calls back on each SIGINT or SIGTERM, however often one is passed on, until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
  /** Calls back on each SIGHUP until the returned function is called. */
  onHangup(handler: () => void): () => void;
  /** Leaves at once with this status: for a second Ctrl-C only. */
  leave(status: number): never;
}

/** The real process. */
export function processIo(): Io {
  // `bothends flows X | head` closes the pipe early: the reader has what it wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  return {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdinIsTTY: process.stdin.isTTY === true,
    readLine,
    env: process.env,
    now: () => Date.now(),
    onInterrupt,
    onHangup,
    leave: (status) => process.exit(status),
  };
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 0;
    },
  };
}

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  // Leaving the loop closes standard input, so that a pipe that stays open holds nobody up.
  for await (const line of lines) return line;
  return '';
}

/**
 * A terminal sends Ctrl-C to every process in the foreground, and npx and sudo pass on what they get. A second
 * signal this soon is the same key press: nobody presses twice that fast.
 */
const SAME_KEY_MS = 150;

function onInterrupt(handler: () => void): () => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  const once = () => {
    const isAgain = performance.now() - lastMs < SAME_KEY_MS;
    lastMs = performance.now();
    if (!isAgain) handler();
  };
  process.on('SIGINT', once);
  process.on('SIGTERM', once);
  return () => {
    process.off('SIGINT', once);
    process.off('SIGTERM', once);
  };
}

function onHangup(handler: () => void): () => void {
  process.on('SIGHUP', handler);
  return () => {
    process.off('SIGHUP', handler);
  };
}
