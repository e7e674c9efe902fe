export {
  type AgentOptions,
  type AgentSurroundings,
  runAgent,
} from './agent.js';
export { type CompiledFilter, compileFilter, linkTypeOf } from './capture/filter-compile.js';
export * from './capture/pcapfile/file.js';
export * from './capture/source.js';
export { Decoder } from './decode/decoder.js';
export { brokerChannel } from './pods/ipc.js';
export { DEFAULT_POLICY, type Policy } from './policy/policy.js';
export { enrol, type JoinOptions } from './uplink/enrol.js';
export { type Identity, loadIdentity } from './uplink/identity.js';
export { VERSION } from './version.js';
