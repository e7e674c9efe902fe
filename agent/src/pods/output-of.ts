import { spawn } from 'node:child_process';
import { BothendsError } from '@bothends/proto';
import { programEnvironment } from '../capture/tcpdump/program.js';

/** The programs that are run so take milliseconds. */
const TOOL_MS = 3_000;

/**
 * What a short program prints, with one more descriptor.
 * @throws BothendsError `unavailable` with what it complains of
 */
export async function outputOf(
  program: string,
  args: readonly string[],
  descriptor: number,
): Promise<string> {
  const child = spawn(program, args, {
    env: programEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
    timeout: TOOL_MS,
  });
  const [text, complaints] = [collected(child.stdout), collected(child.stderr)];
  return await new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new BothendsError('unavailable', `${args.join(' ')}: ${why}`));
    child.once('error', (error) => fail(error.message));
    child.once('close', (status) =>
      status === 0 ? resolve(text()) : fail(complaints().trim() || 'it failed'),
    );
  });
}

function collected(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
