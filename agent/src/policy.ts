/** Host policies alone, without the agent that runs under them. */
export { applyPolicy, inWords, sizeInWords, type Wish } from './policy/apply.js';
export { readPolicy } from './policy/parse.js';
export type { Policy } from './policy/policy.js';
