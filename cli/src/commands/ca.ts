import type { GetAuthoritiesResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { Argument } from 'commander';
import { type ListFormat, listOption } from '../args/output.js';
import type { Connection } from '../client/client.js';
import { withCoordinator } from '../client/session.js';
import type { Io } from '../io.js';
import { jsonLine } from '../output/json-lines.js';
import { authoritiesObject, authoritiesText, leftBehind } from '../render/authorities.js';
import type { Setup } from './setup.js';

interface CaFlags {
  force?: boolean;
  output: ListFormat;
}

/** `bothends ca status|rotate|retire`: the fleet's certificate authority, and how another takes its place. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('ca')
    .helpGroup('Fleet:')
    .summary('replace the certificate authority of the fleet (needs an administrator)')
    .description(
      'Replaces the certificate authority without joining any host again. `rotate` makes a new one, from which ' +
        'certificates are from then on; the one before is trusted still. Agents that are connected renew theirs at ' +
        'once, others when they come back, users with their next command. `status` says who still depends on the ' +
        'outgoing one. `retire` ends the trust in it, and refuses while anybody depends on it; with --force those ' +
        'agents have to join again, and those users need a new context file.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(['status', 'rotate', 'retire']))
    .option('--force', 'retire the outgoing authority even if agents or users depend on it');
  listOption(command).action((action: string, flags: CaFlags) =>
    withCoordinator(command, io, async (connection) => {
      if (action === 'rotate') await rotate(connection, io);
      else if (action === 'retire') await retire(connection, flags, io);
      else await status(connection, flags, io);
    }),
  );
}

async function status(connection: Connection, { output }: CaFlags, io: Io): Promise<void> {
  const standing: GetAuthoritiesResponse = await connection.call(connection.stub.getAuthorities, {});
  io.stdout.write(
    output === 'json' ? jsonLine(authoritiesObject(standing)) : authoritiesText(standing, io.now()),
  );
}

async function rotate(connection: Connection, io: Io): Promise<void> {
  const { issuing } = await connection.call(connection.stub.rotateAuthority, {});
  io.stderr.write(
    `Certificates are from ${issuing?.name ?? 'the new authority'} now. When \`bothends ca status\` names nobody ` +
      'any more, `bothends ca retire` ends the one before.\n',
  );
}

async function retire(connection: Connection, { force = false }: CaFlags, io: Io): Promise<void> {
  const answer = await connection.call(connection.stub.retireAuthority, { force });
  io.stderr.write('The outgoing authority is retired; new join lines have the hash of the other one.\n');
  for (const line of leftBehind(answer.leftBehind)) io.stderr.write(`${line}\n`);
}
