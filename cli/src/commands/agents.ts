import type { Agent } from '@bothends/proto/gen/bothends/v1/bothends';
import { type ListFormat, listOption } from '../args/output.js';
import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import type { Io } from '../io.js';
import { jsonLine } from '../output/json-lines.js';
import { agentDetail, agentObject, agentTable } from '../render/agents.js';
import { styleFor, textWidth } from '../render/style.js';
import type { Setup } from './setup.js';

/** `bothends agents [HOST]`: who is connected, and what can be seen from one of them. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('agents')
    .helpGroup('Fleet:')
    .summary('list the hosts that are connected')
    .description(
      'Lists the agents: interfaces, back ends, clock, version, last seen. With HOST, tells what can and ' +
        'cannot be seen from that host and how to fix it.',
    )
    .argument('[host]', 'name of one agent', name);
  listOption(command).action((host: string | undefined, flags: { output: ListFormat }) =>
    withCoordinator(command, io, async (connection) => {
      const { agents } = await connection.call(connection.stub.listAgents, {});
      if (host === undefined) return printAgents(agents, flags.output, io);
      const agent = agents.find((a) => a.name === host);
      if (agent) return printAgent(agent, flags.output, io);
      const { notFound } = await import('../client/client.js');
      throw notFound(
        'host',
        host,
        agents.map((a) => a.name),
      );
    }),
  );
}

function printAgents(agents: readonly Agent[], format: ListFormat, io: Io): void {
  if (format === 'json') {
    for (const agent of agents) io.stdout.write(jsonLine(agentObject(agent)));
  } else if (agents.length === 0) {
    io.stderr.write('No agents yet. `bothends join-token` prints the line that joins one.\n');
  } else {
    io.stdout.write(agentTable(agents, io.now(), textWidth(io.stdout)));
  }
}

function printAgent(agent: Agent, format: ListFormat, io: Io): void {
  if (format === 'json') io.stdout.write(jsonLine(agentObject(agent)));
  else io.stdout.write(agentDetail(agent, io.now(), textWidth(io.stdout), styleFor(io.stdout, io.env)));
}
