import { type ListFormat, listOption } from '../args/output.js';
import { withCoordinator } from '../client/session.js';
import { jsonLine } from '../output/json-lines.js';
import { captureObject, captureTable } from '../render/captures.js';
import { textWidth } from '../render/style.js';
import type { Setup } from './setup.js';

/** `bothends captures`: what has been captured and what runs. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('captures')
    .helpGroup('Captures:')
    .summary('list captures, running and done')
    .description('Lists the captures that the coordinator holds, running ones included.');
  listOption(command).action((flags: { output: ListFormat }) =>
    withCoordinator(command, io, async (connection) => {
      const { captures } = await connection.call(connection.stub.listCaptures, {});
      if (flags.output === 'json') {
        for (const capture of captures) io.stdout.write(jsonLine(captureObject(capture)));
      } else if (captures.length === 0) {
        io.stderr.write('No captures yet. `bothends capture CLIENT SERVER` makes one.\n');
      } else {
        io.stdout.write(captureTable(captures, textWidth(io.stdout)));
      }
    }),
  );
}
