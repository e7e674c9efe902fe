/** The privileged half of an agent that captures in pods, without the agent. */
import type { ChildProcess } from 'node:child_process';
import { PodBroker } from './pods/broker.js';
import type { Account } from './pods/inside.js';
import { agentChannel } from './pods/ipc.js';
import { NodeFiles } from './pods/node-files.js';

export { BROKER_VARIABLE } from './pods/ipc.js';

/**
 * Enters pods for an agent, until it ends.
 * @param agent a child with a channel (`ipc` in its stdio) and BROKER_VARIABLE=1 in its environment
 * @param account who tcpdump runs as in there; null: as this process
 * @param hostRoot where this process sees the root of the node
 */
export function servePods(agent: ChildProcess, account: Account | null, hostRoot: string): void {
  if (agent.pid === undefined) return;
  new PodBroker({ files: new NodeFiles(hostRoot), account, agentPid: agent.pid }, agentChannel(agent));
}
