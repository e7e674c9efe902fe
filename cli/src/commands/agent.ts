import { hostname } from 'node:os';
import { defaultDataDir } from '../args/data-dir.js';
import { caHash, coordinatorAddress } from '../args/join.js';
import { name } from '../args/values.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { logLevelOption } from '../output/log-level.js';
import type { Setup } from '../program.js';

interface AgentFlags {
  join?: string;
  token?: string;
  caHash?: string;
  name: string;
  data: string;
  policy?: string;
  logLevel: string;
}

/** `bothends agent`: runs the agent of this host. */
export function register({ program, io }: Setup): void {
  program
    .command('agent')
    .helpGroup('Fleet:')
    .summary('run the agent of this host')
    .description(
      'Runs the agent of this host until it is stopped. The first start joins the fleet with the line that the ' +
        'coordinator or `bothends join-token` printed; later starts need neither address nor token.',
    )
    .option('--join <host:port>', 'coordinator to join', coordinatorAddress)
    .option('--token <token>', 'one-time join token; needed once')
    .option('--ca-hash <hash>', 'hash of the coordinator’s CA, from the join line', caHash)
    .option('--name <name>', 'name of this host in the fleet', name, hostname())
    .option('--data <dir>', 'folder for key, certificate and spool', defaultDataDir('agent', io.env))
    .option('--policy <file>', 'what may be captured on this host')
    .addOption(logLevelOption())
    .action((flags: AgentFlags) => run(flags, io));
}

async function run(flags: AgentFlags, io: Io): Promise<void> {
  if ((flags.token === undefined) !== (flags.caHash === undefined)) {
    throw new UsageError('--token and --ca-hash go together', 'Copy the whole join line.');
  }
  void io;
}
