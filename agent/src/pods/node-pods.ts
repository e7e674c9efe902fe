import { isPod } from '@bothends/proto';
import { criSockets } from './cri.js';
import type { NodeFiles } from './node-files.js';
import type { PodRecord, PodSource } from './pod.js';
import { podProcesses } from './processes.js';
import { runtimeStates } from './runtime-state.js';

/** The pods of a node, and who told. */
export interface NodePods {
  readonly pods: readonly PodRecord[];
  /** What was looked at and answered; else everything that was looked at in vain. */
  readonly lookedAt: readonly string[];
  readonly answered: boolean;
}

/**
 * Asks the runtime, else reads its state, else looks at processes: the first kind of source that this node has tells.
 * Processes come last because a container names itself in them, and another pod may lie.
 */
export async function podsOfNode(files: NodeFiles): Promise<NodePods> {
  const kinds: readonly (readonly PodSource[])[] = [
    criSockets(files),
    runtimeStates(files),
    [podProcesses(files)],
  ];
  for (const sources of kinds) {
    const told = await Promise.all(
      sources.map(async (source) => ({ name: source.name, pods: await source.pods() })),
    );
    const answers = told.filter(({ pods }) => pods !== null);
    if (answers.length === 0) continue;
    const pods = answers.flatMap(({ pods }) => pods ?? []).filter((pod) => pod.name !== '' && isPod(pod));
    return { pods, lookedAt: answers.map(({ name }) => name), answered: true };
  }
  return { pods: [], lookedAt: kinds.flat().map(({ name }) => name), answered: false };
}
