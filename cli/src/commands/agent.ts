import { hostname } from 'node:os';
import type { Identity } from '@bothends/agent';
import { certificateHash, certificatesIn } from '@bothends/proto/trust/authorities';
import { Argument, type Command } from 'commander';
import { defaultDataDir } from '../args/data-dir.js';
import { caHash, coordinatorAddress } from '../args/join.js';
import { handedOn, type JoinFlags, joinLine } from '../args/join-line.js';
import { readToken, tokenOptions } from '../args/join-token.js';
import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import type { Broker } from '../confine.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { logLevelOption } from '../output/log-level.js';
import { untilInterrupted } from '../output/until-interrupted.js';
import { makeFilesPrivate } from '../private-files.js';
import type { Setup } from './setup.js';

interface AgentFlags extends JoinFlags {
  name: string;
  data: string;
  policy?: string;
  user?: string;
  netns?: string;
  pods?: boolean;
  hostRoot: string;
  logLevel: string;
}

/** `bothends agent`: runs the agent of this host. */
export function register({ program, io, exit }: Setup): void {
  const command = program
    .command('agent')
    .helpGroup('Fleet:')
    .summary('run the agent of this host, or shut another one out')
    .description(
      'Runs the agent of this host until it is stopped. The first start joins the fleet with the line that the ' +
        'coordinator or `bothends join-token` printed; later starts need no more than --data. `bothends agent revoke ' +
        'NAME` runs nothing: it shuts the agent of that name out until it joins again (needs an administrator).',
    )
    .addArgument(new Argument('[action]', 'shut an agent out').choices(['revoke']))
    .argument('[agent]', 'name of the agent to shut out', name)
    .option('--join <host:port>', 'coordinator to join', coordinatorAddress);
  tokenOptions(command)
    .option('--ca-hash <hash>', 'hash of the coordinator’s CA', caHash)
    .option('--join-only', 'join and return, for services that start it later')
    .option('--name <name>', 'name of this host in the fleet', name, hostname())
    .option('--data <dir>', 'folder for key, certificate and spool', defaultDataDir('agent', io.env))
    .option('--policy <file>', 'what may be captured on this host (YAML; see `bothends policy`)')
    .option('--user <name>', 'run as this user, with no right but to read packets (started by root)', name)
    .option('--netns <path|pid>', 'capture inside this network namespace, such as that of a container', name)
    .option('--pods', 'capture in pods of this node, too, where the policy allows it (started by root)')
    .option('--host-root <dir>', 'where this container has the root of the node mounted', '/')
    .addOption(logLevelOption())
    .action(async (action: string | undefined, agent: string | undefined, flags: AgentFlags) => {
      if (action !== undefined) await revoke(command, agent, io);
      else if (flags.user !== undefined || flags.netns !== undefined || flags.pods)
        exit(await confine(flags, io));
      else await run(flags, io);
    });
}

async function revoke(command: Command, agent: string | undefined, io: Io): Promise<void> {
  if (agent === undefined)
    throw new UsageError('"agent revoke" needs a name', '`bothends agents` lists them.');
  await withCoordinator(command, io, async (connection) => {
    await connection.call(connection.stub.revokeAgent, { name: agent });
  });
  io.stderr.write(`${agent} is shut out; a new join line lets it in again.\n`);
}

/** Runs the agent as another user, or in another network namespace; its link leaves from there too. */
async function confine(flags: AgentFlags, io: Io): Promise<number> {
  const { namespaceFile, runConfined } = await import('../confine.js');
  const where = {
    user: flags.user ?? null,
    networkNamespace: flags.netns === undefined ? null : namespaceFile(flags.netns),
    broker: flags.pods ? await podBroker(flags.hostRoot) : null,
  };
  const line = joinLine(flags, io);
  const { args: joining, input } = line === null ? { args: [], input: null } : handedOn(line);
  const args = [
    ...['agent', '--name', flags.name, '--data', flags.data, '--log-level', flags.logLevel],
    ...joining,
    ...(flags.joinOnly ? ['--join-only'] : []),
    ...(flags.policy === undefined ? [] : ['--policy', flags.policy]),
  ];
  return await runConfined(where, flags.data, args, io, input);
}

/** What stays behind with root's rights, so that the agent can do without. */
async function podBroker(hostRoot: string): Promise<Broker> {
  const { BROKER_VARIABLE, servePods } = await import('@bothends/agent/pods');
  return { variable: BROKER_VARIABLE, serve: (agent, account) => servePods(agent, account, hostRoot) };
}

async function run(flags: AgentFlags, io: Io): Promise<void> {
  makeFilesPrivate();
  const agent = await import('@bothends/agent');
  const line = joinLine(flags, io);
  if (line !== null) {
    const present = agent.loadIdentity(flags.data);
    if (present !== null && trusts(present, line.caHash)) {
      io.stderr.write(`Already joined ${present.address} as ${present.name}; the token was not used.\n`);
    } else {
      const token = await readToken(line.token, io);
      const { address, caHash } = line;
      const identity = await agent.enrol({ address, caHash, token, name: flags.name, dataDir: flags.data });
      io.stderr.write(`Joined ${identity.address} as ${identity.name}.\n`);
    }
  }
  if (flags.joinOnly) return;
  const { stderrLogger } = await import('../output/logger.js');
  const logger = stderrLogger('agent', flags.logLevel);
  const podChannel = agent.brokerChannel();
  const options = {
    dataDir: flags.data,
    ...(podChannel && { podChannel }),
    ...(flags.policy === undefined ? {} : { policyPath: flags.policy }),
  };
  await untilInterrupted(io, (signal) => agent.runAgent(options, { logger, signal, onReload: io.onHangup }));
}

/** Whether this identity is of the coordinator whose CA has, or had when the agent joined, this hash. */
function trusts({ caPem, joinedBy }: Identity, hash: string): boolean {
  return joinedBy === hash || certificatesIn(caPem).some((ca) => certificateHash(ca) === hash);
}
