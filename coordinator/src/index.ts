export {
  type CoordinatorHandle,
  type CoordinatorOptions,
  DEFAULT_PORT,
  startCoordinator,
} from './coordinator.js';
export { SERVER_NAME } from './trust/authority.js';
export { type Context, readContext } from './trust/context.js';
