import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';
import { REPOSITORY_ROOT } from '../lab/paths.js';

/** The command lines that README.md shows in some of its sections, to be followed one by one. */
export class ReadmeCommands {
  readonly #left: string[];

  /** @param sections headings whose shell blocks are followed */
  constructor(sections: readonly string[]) {
    const text = readFileSync(join(REPOSITORY_ROOT, 'README.md'), 'utf8');
    this.#left = sections.flatMap((heading) => commandsOf(sectionOf(text, heading)));
  }

  /** The next command, which must be this one. @throws BothendsError `not-found` when README.md says another */
  next(expected: RegExp): string {
    const command = this.#left.shift() ?? '';
    if (expected.test(command)) return command;
    throw new BothendsError('not-found', `README.md goes on with "${command}", not with ${expected}`);
  }

  /** Commands that nobody has followed yet. */
  get left(): readonly string[] {
    return this.#left;
  }
}

function sectionOf(text: string, heading: string): string {
  const [, section] = text.split(`\n## ${heading}\n`);
  if (section === undefined) throw new BothendsError('not-found', `README.md has no section "${heading}"`);
  return section.split('\n## ')[0] ?? '';
}

/** Lines of the shell blocks, without their comments. */
function commandsOf(section: string): string[] {
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.trim().split('\n')).map((line) => line.replace(/\s+# .*$/, ''));
}
