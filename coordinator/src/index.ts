export type { CoordinatorHandle, CoordinatorOptions } from './coordinator.js';
export type { EngineLike, EngineOptions, LadderLike, TapCoverage, TapDescription } from './engine/types.js';
export { createEngine, createLadder } from './engines.js';
export { type RunTools, runCoordinator } from './run.js';
export { type Examination, examineStore } from './store/sqlite/doctor.js';
export { type Context, readContext } from './trust/context.js';
export type { FrontOptions } from './web/front.js';
export { WEB_PORT } from './web/web.js';
