import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import type { Setup } from './setup.js';

/** `bothends approve ID`: an owner's consent to a capture of their host. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('approve')
    .helpGroup('Captures:')
    .summary('let a capture that waits for you begin on your hosts')
    .description(
      'Approves a capture for every host whose policy names you as an owner (`consent: ask`). It begins when all ' +
        'hosts that ask have been approved. `bothends captures` shows those that wait as "asking".',
    )
    .argument('<id>', 'id or name of the capture', name);
  command.action((id: string) =>
    withCoordinator(command, io, async (connection) => {
      const { agents } = await connection.call(connection.stub.approveCapture, { captureId: id });
      io.stderr.write(`Approved for ${agents.join(' and ')}; \`bothends stop ${id}\` ends it.\n`);
    }),
  );
}
