import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import type { Setup } from './setup.js';

/** `bothends delete ID...`: removes captures with their evidence. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('delete')
    .helpGroup('Captures:')
    .summary('delete captures and their evidence')
    .description('Deletes captures with their evidence and reports, for good.')
    .argument('<id...>', 'ids or names of captures', (id: string, ids: string[] | undefined) => [
      ...(ids ?? []),
      name(id),
    ]);
  command.action((ids: string[]) =>
    withCoordinator(command, io, async (connection) => {
      for (const captureId of ids) {
        await connection.call(connection.stub.deleteCapture, { captureId });
        io.stderr.write(`Deleted ${captureId}.\n`);
      }
    }),
  );
}
