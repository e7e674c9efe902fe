import type { GetFlowResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { type ListFormat, listOption } from '../args/output.js';
import { name } from '../args/values.js';
import { type LadderFlags, ladderOptions } from '../args/zoom.js';
import { readLadder } from '../client/report.js';
import { withCoordinator } from '../client/session.js';
import { patiently } from '../output/patiently.js';
import { printLadder } from '../output/print-ladder.js';
import type { Setup } from './setup.js';

/** `bothends flow ID FLOW`: one flow, packet by packet, at both ends. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('flow')
    .helpGroup('Captures:')
    .summary('draw one flow as a two-ended ladder')
    .description(
      'Draws one flow packet by packet, client left and server right: what arrived, what died on the path, ' +
        'what came from the path, what was sent again. Sequence numbers are relative, flags are tcpdump’s.',
    )
    .argument('<id>', 'id or name of the capture', name)
    .argument('<flow>', 'id of the flow, as `bothends flows` prints it', name);
  ladderOptions(listOption(command)).action(
    (captureId: string, flowId: string, flags: LadderFlags & { output: ListFormat }) =>
      withCoordinator(command, io, async (connection) => {
        const stream = connection.stub.getFlow({ captureId, flowId }, { deadline: connection.longDeadline });
        const chunks = readLadder(chunksOf(connection.messages(stream)));
        const ladder = await patiently(io, 'Computing the ladder', chunks);
        printLadder(ladder, flags, io);
      }),
  );
}

async function* chunksOf(messages: AsyncIterable<GetFlowResponse>): AsyncGenerator<string> {
  for await (const message of messages) yield message.ladderJson;
}
