import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import { isOver } from '../watch/watch.js';
import type { Setup } from './setup.js';

/** `bothends stop ID`: ends a running capture; everything taken so far is kept. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('stop')
    .helpGroup('Captures:')
    .summary('stop a running capture and keep what it took')
    .description(
      'Stops a running capture. Both taps record a moment longer, so that late packets are not called lost.',
    )
    .argument('<id>', 'id or name of the capture', name);
  command.action((id: string) =>
    withCoordinator(command, io, async (connection) => {
      await connection.call(connection.stub.stopCapture, { captureId: id });
      const { captures } = await connection.call(connection.stub.listCaptures, {});
      const stopped = captures.find((capture) => capture.id === id || capture.name === id);
      const what = stopped !== undefined && isOver(stopped) ? `${id} is over` : `Stopping ${id}`;
      io.stderr.write(`${what}; \`bothends report ${id}\` prints its report.\n`);
    }),
  );
}
