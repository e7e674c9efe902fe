import { defaultDataDir } from '../args/data-dir.js';
import { advertisedAddress, listenAddress } from '../args/join.js';
import { duration } from '../args/values.js';
import { frontOf, type WebFlags, webOptions } from '../args/web.js';
import { contextPath } from '../context/context.js';
import type { Io } from '../io.js';
import { logLevelOption } from '../output/log-level.js';
import { untilInterrupted } from '../output/until-interrupted.js';
import { makeFilesPrivate } from '../private-files.js';
import type { Setup } from './setup.js';

interface CoordinatorFlags extends WebFlags {
  listen: string;
  advertise?: string;
  data: string;
  keep?: number;
  logLevel: string;
}

/** `bothends coordinator`: runs the coordinator. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('coordinator')
    .helpGroup('Fleet:')
    .summary('run the coordinator')
    .description(
      'Runs the coordinator until it is stopped, and prints the line that joins a host. Its first start makes a ' +
        'certificate authority and writes the context file of its administrator, to --context or where the other ' +
        'commands look for it.',
    )
    .option('--listen <address>', 'address and port of gRPC', listenAddress, '0.0.0.0:7443')
    .option('--advertise <host>', 'name or address that agents and users reach it by', advertisedAddress)
    .option(
      '--data <dir>',
      'folder for authority, database and evidence',
      defaultDataDir('coordinator', io.env),
    )
    .option('--keep <time>', 'delete captures this long after their end: 7d (default: never)', duration)
    .addOption(logLevelOption());
  webOptions(command).action((flags: CoordinatorFlags) =>
    run(flags, contextPath(command.optsWithGlobals<{ context?: string }>().context, io.env), io),
  );
}

async function run(flags: CoordinatorFlags, context: string, io: Io): Promise<void> {
  makeFilesPrivate();
  const { runCoordinator } = await import('@bothends/coordinator');
  const { stderrLogger } = await import('../output/logger.js');
  const front = await frontOf(flags);
  const logger = stderrLogger('coordinator', flags.logLevel);
  await untilInterrupted(io, async (signal) => {
    const coordinator = await runCoordinator(
      {
        dataDir: flags.data,
        grpcAddress: flags.listen,
        contextPath: context,
        advertise: flags.advertise ?? null,
        keepMs: flags.keep ?? null,
        ...front,
      },
      { logger, signal },
    );
    try {
      const token = await coordinator.createJoinToken(null);
      io.stdout.write(`${token.joinLine}\n`);
      io.stderr.write('Run that line on a host to join it; `bothends join-token` makes more.\n');
      if (front.webAddress !== null) io.stderr.write('`bothends login-link` opens the page in a browser.\n');
    } catch (error) {
      // A store that takes no token takes no evidence either: full, or damaged.
      await coordinator.close();
      throw error;
    }
    await coordinator.closed;
  });
}
