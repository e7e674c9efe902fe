export { type Availability, labAvailable, labExpected } from './available.js';
export { type ChainEnd, type ChainLink, type ChainOptions, chain } from './chain.js';
export type { CommandOptions, CommandResult } from './command.js';
export type { HostConfig, LabConfig, LinkConfig, LinkEnd, RouteConfig, ShapeConfig } from './config.js';
export { EndpointProcess, type WaitOptions } from './endpoint/process.js';
export type { EndpointEvent, EndpointSpec, EventName, Step } from './endpoint/spec.js';
export { type CounterValue, LabHost, type SpawnOptions } from './host.js';
export { Lab, type LabOptions } from './lab.js';
export { Recording, type RecordingCounts, type RecordingOptions } from './recording.js';
