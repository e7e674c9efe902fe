import type { Logger } from 'pino';
import { ThreadAnalyst } from './analysis/thread-analyst.js';
import { type CoordinatorHandle, type CoordinatorOptions, startCoordinator } from './coordinator.js';

export interface RunTools {
  logger: Logger;
  /** Aborting it closes the coordinator. */
  signal?: AbortSignal;
}

/** Starts a coordinator with the real engine on the machine's clock; see startCoordinator for its errors. */
export async function runCoordinator(
  options: CoordinatorOptions,
  tools: RunTools,
): Promise<CoordinatorHandle> {
  return await startCoordinator(options, { ...tools, analyst: new ThreadAnalyst() });
}
