import type { Setup } from '../program.js';

export function register({ program }: Setup): void {
  program.command('analyze').helpGroup('Captures:').summary('analyse two capture files');
}
