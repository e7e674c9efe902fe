import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BothendsError } from '@bothends/proto';
import type { LabHost } from '../../lab/index.js';
import { builtScript } from '../../lab/paths.js';

/** Starts a program of this folder in a host; its lines as they come. It ends with the lab. */
export function startProgram(host: LabHost, name: string, ...argv: string[]): Program {
  return new Program(host.spawn([process.execPath, builtScript(`scenarios/programs/${name}.js`), ...argv]));
}

/** Longer than a node process takes to start on a machine that stalls. */
const LINE_LIMIT_MS = 60_000;

export class Program {
  private readonly lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    if (!child.stdout) throw new BothendsError('internal', 'scenario: a program without output');
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line. Throws `unavailable` when the program ends or stays silent. */
  async line(): Promise<string> {
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new BothendsError('unavailable', 'scenario: a program said nothing'));
      setTimeout(fail, LINE_LIMIT_MS).unref();
    });
    const next = await Promise.race([this.lines.next(), late]);
    if (!next.done) return next.value;
    throw new BothendsError('unavailable', 'scenario: a program ended without a word');
  }
}
