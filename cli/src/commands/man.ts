import { describe } from '../help/describe.js';
import { manualPage } from '../help/man.js';
import type { Setup } from './setup.js';

/** `bothends man`: prints the manual page, which `man -l -` shows. */
export function register({ program, io }: Setup): void {
  program
    .command('man')
    .summary('print the manual page')
    .description('Prints the manual page in roff: `bothends man | man -l -`.')
    .action(() => {
      io.stdout.write(manualPage(describe(program)));
    });
}
