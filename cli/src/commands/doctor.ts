import type { Examination } from '@bothends/coordinator';
import { defaultDataDir } from '../args/data-dir.js';
import { ExitStatus } from '../errors.js';
import type { Io } from '../io.js';
import { wrap } from '../render/layout.js';
import { textWidth } from '../render/style.js';
import { counted } from '../render/words.js';
import type { Setup } from './setup.js';

/** `bothends doctor`: examines what a coordinator keeps, and names what is damaged. */
export function register({ program, io, exit }: Setup): void {
  program
    .command('doctor')
    .helpGroup('Fleet:')
    .summary('examine what a coordinator keeps')
    .description(
      'Examines the store of a coordinator on this machine, running or not: the database, the audit log, the ' +
        'checksum of every batch of evidence, and that none is missing. Changes nothing. Fails when something ' +
        'is damaged.',
    )
    .option('--data <dir>', 'folder of the coordinator', defaultDataDir('coordinator', io.env))
    .action(async ({ data }: { data: string }) => {
      const { examineStore } = await import('@bothends/coordinator');
      const examination = examineStore(data);
      print(examination, io);
      exit(examination.damage.length === 0 ? ExitStatus.done : ExitStatus.failed);
    });
}

function print({ captures, batches, packets, entries, damage }: Examination, io: Io): void {
  const width = textWidth(io.stdout);
  const evidence = `${counted(batches, 'chunk')} of evidence, ${counted(packets, 'packet')}`;
  const log = `${entries} ${entries === 1 ? 'entry' : 'entries'} of the audit log`;
  const looked = `Looked at ${counted(captures, 'capture')}, ${evidence}, ${log}: `;
  const verdict = damage.length === 0 ? 'all is whole.' : `${counted(damage.length, 'fault')}.`;
  const lines = [`${looked}${verdict}`];
  for (const { where, what, advice } of damage) lines.push(where, ...wrap(`${what}; ${advice}`, width, '  '));
  io.stdout.write(`${lines.join('\n')}\n`);
}
