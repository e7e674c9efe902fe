import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Shell = 'bash' | 'zsh' | 'fish';

/** True when this machine has the program. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Interactive, and with nobody's settings. */
const START: Readonly<Record<Shell, string>> = {
  bash: 'bash --norc --noprofile -i',
  zsh: 'zsh -f -i',
  fish: 'fish --no-config -i',
};

const READY = 'ready';
const LINE = 'line';
const POLL_MS = 20;

/**
 * What stands on the command line once these keys are pressed in a shell on a terminal of its own, in `folder`, which
 * has the completion as `script`. Nothing of the line is run.
 */
export async function typedInto(shell: Shell, folder: string, keys: string): Promise<string> {
  for (const file of [READY, LINE]) rmSync(join(folder, file), { force: true });
  // script(1) gives the shell a terminal; Node has none to give.
  const child = spawn('script', ['-qec', START[shell], '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, TERM: 'dumb' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  // fish would add what it guesses when the cursor goes to the end of the line.
  const calm = shell === 'fish' ? 'set -g fish_autosuggestion_enabled 0; ' : '';
  child.stdin.write(`${calm}. ./script; echo > ${READY}\n`);
  await written(join(folder, READY));
  // Control-A and Control-E: the line is quoted where it stands, and written down instead of run.
  child.stdin.write(`${keys}\u0001printf %s '\u0005' > ${LINE}\nexit\n`);
  await ended;
  return readFileSync(join(folder, LINE), 'utf8');
}

async function written(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Everything that bash offers for a line, through the function that the script registers. */
export function offeredByBash(folder: string, line: string): string[] {
  const words = line
    .split(' ')
    .map((word) => `'${word}'`)
    .join(' ');
  const run =
    `. ./script; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); ` +
    `$(complete -p bothends | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(execFileSync('bash', ['--norc', '-c', run], { cwd: folder, encoding: 'utf8' }));
}

/** Everything that fish offers for a line. */
export function offeredByFish(folder: string, line: string): string[] {
  const run = `. ./script; complete -C '${line}'`;
  const env = { PATH: process.env.PATH, HOME: folder };
  const offers = execFileSync('fish', ['--no-config', '-c', run], { cwd: folder, env, encoding: 'utf8' });
  return lines(offers).map((offer) => offer.split('\t')[0] ?? '');
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
