import { defaultDataDir } from '../args/data-dir.js';
import { listenAddress } from '../args/join.js';
import { logLevelOption } from '../output/log-level.js';
import type { Setup } from '../program.js';

interface CoordinatorFlags {
  listen: string;
  advertise?: string;
  data: string;
  logLevel: string;
}

/** `bothends coordinator`: runs the coordinator. */
export function register({ program, io }: Setup): void {
  program
    .command('coordinator')
    .helpGroup('Fleet:')
    .summary('run the coordinator')
    .description(
      'Runs the coordinator until it is stopped, and prints the line that joins a host. Its first start makes a ' +
        'certificate authority and writes the context file of its administrator.',
    )
    .option('--listen <address>', 'address and port of gRPC', listenAddress, '0.0.0.0:7443')
    .option('--advertise <host>', 'name or address that agents and users reach it by')
    .option(
      '--data <dir>',
      'folder for authority, database and evidence',
      defaultDataDir('coordinator', io.env),
    )
    .addOption(logLevelOption())
    .action((flags: CoordinatorFlags) => void flags);
}
