export { type CoordinatorHandle, type CoordinatorOptions, DEFAULT_PORT } from './coordinator.js';
export type { EngineLike, EngineOptions, LadderLike, TapCoverage, TapDescription } from './engine/types.js';
export { createEngine, createLadder } from './engines.js';
export { type RunTools, runCoordinator } from './run.js';
export { SERVER_NAME } from './trust/authority.js';
export { type Context, readContext } from './trust/context.js';
