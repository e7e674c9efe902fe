import { formatInstant } from '@bothends/proto';
import type { User } from '@bothends/proto/gen/bothends/v1/bothends';
import { Argument, Option } from 'commander';
import { type ListFormat, listOption } from '../args/output.js';
import { name } from '../args/values.js';
import type { Connection } from '../client/client.js';
import { withCoordinator } from '../client/session.js';
import { writeContextFile } from '../context/write.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { jsonLine } from '../output/json-lines.js';
import { userTable } from '../render/users.js';
import type { Setup } from './setup.js';

interface UserFlags {
  role?: string;
  write?: string;
  output: ListFormat;
}

/** `bothends user add|list|revoke`: the people who may call the coordinator. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('user')
    .helpGroup('Fleet:')
    .summary('add, list and revoke the people who may use the coordinator (needs an administrator)')
    .description(
      'A user is a client certificate. `add NAME --role ROLE` writes a context file with it, readable by you alone: ' +
        'hand it over and delete your copy. Adding a name again replaces its certificate. `revoke NAME` shuts a user ' +
        'out at once, at the page too. A viewer reads reports, an operator captures, an administrator does the rest.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(['add', 'list', 'revoke']))
    .argument('[name]', 'name of the user', name)
    .addOption(new Option('--role <role>', 'what the user may do').choices(['viewer', 'operator', 'admin']))
    .option('--write <file>', 'where the context file goes (default: NAME.context.json)', name);
  listOption(command).action((action: string, user: string | undefined, flags: UserFlags) =>
    withCoordinator(command, io, async (connection) => {
      if (action === 'list') await list(connection, flags, io);
      else if (action === 'revoke') await revoke(connection, required(user, action), io);
      else await add(connection, required(user, action), flags, io);
    }),
  );
}

function required(user: string | undefined, action: string): string {
  if (user !== undefined) return user;
  throw new UsageError(`"user ${action}" needs a name`, `Such as: bothends user ${action} alice`);
}

async function add(connection: Connection, user: string, flags: UserFlags, io: Io): Promise<void> {
  if (flags.role === undefined) {
    throw new UsageError(
      '"user add" needs --role',
      'viewer reads reports, operator captures, admin does the rest.',
    );
  }
  const request = { name: user, role: flags.role };
  const path = flags.write ?? `${user}.context.json`;
  const { caPem, certificatePem, keyPem, address, expiresNs, replaced } = await connection.call(
    connection.stub.createUser,
    request,
  );
  writeContextFile(path, { name: user, address, caPem, certificatePem, keyPem });
  const expiresAt = formatInstant(expiresNs);
  io.stdout.write(flags.output === 'json' ? jsonLine({ ...request, file: path, expiresAt }) : `${path}\n`);
  io.stderr.write(
    `That file is ${user}, as ${flags.role}: who has it may use this coordinator, with --context ${path}.\n`,
  );
  if (replaced)
    io.stderr.write(`${user} was there before: the context file of then lets nobody in any more.\n`);
}

async function list(connection: Connection, flags: UserFlags, io: Io): Promise<void> {
  const { users } = await connection.call(connection.stub.listUsers, {});
  if (flags.output === 'json') for (const user of users) io.stdout.write(jsonLine(userObject(user)));
  else io.stdout.write(userTable(users));
}

async function revoke(connection: Connection, user: string, io: Io): Promise<void> {
  await connection.call(connection.stub.revokeUser, { name: user });
  io.stderr.write(`${user} is shut out.\n`);
}

function userObject({ name: user, role, createdNs, expiresNs, revokedNs }: User): object {
  return {
    name: user,
    role,
    createdAt: formatInstant(createdNs),
    expiresAt: formatInstant(expiresNs),
    revokedAt: revokedNs === 0n ? null : formatInstant(revokedNs),
  };
}
