import { formatInstant } from '@bothends/proto';
import { type ListFormat, listOption } from '../args/output.js';
import { duration, name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import { jsonLine } from '../output/json-lines.js';
import type { Setup } from './setup.js';

/** `bothends join-token`: the line that joins one more host. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('join-token')
    .helpGroup('Fleet:')
    .summary('print a line that joins one host (needs an administrator)')
    .description(
      'Makes a join token that works once and expires, and prints the command to run on the new host.',
    )
    .option('--name <host>', 'the only name that may join with it', name)
    .option('--valid <time>', 'how long it can be used: 30m, 24h', duration);
  listOption(command).action((flags: { name?: string; valid?: number; output: ListFormat }) =>
    withCoordinator(command, io, async (connection) => {
      const made = await connection.call(connection.stub.createJoinToken, {
        name: flags.name ?? '',
        validMs: BigInt(flags.valid ?? 0),
      });
      const expiresAt = formatInstant(made.expiresNs);
      if (flags.output === 'json') {
        io.stdout.write(jsonLine({ token: made.token, joinLine: made.joinLine, expiresAt }));
        return;
      }
      io.stdout.write(`${made.joinLine}\n`);
      io.stderr.write(`Works once, until ${expiresAt.slice(0, 19)}Z.\n`);
    }),
  );
}
