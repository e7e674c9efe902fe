import { Argument } from 'commander';
import { bashCompletion } from '../help/bash.js';
import { describe } from '../help/describe.js';
import { fishCompletion } from '../help/fish.js';
import { zshCompletion } from '../help/zsh.js';
import type { Setup } from './setup.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `bothends completion SHELL`: prints a completion script. */
export function register({ program, io }: Setup): void {
  program
    .command('completion')
    .summary('print shell completion')
    .description('Prints a completion script: `source <(bothends completion bash)`.')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => {
      io.stdout.write(SHELLS[shell](describe(program)));
    });
}
