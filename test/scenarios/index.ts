import { RESET_SCENARIOS } from './resets/index.js';
import type { Scenario } from './scenario.js';

/** Every incident that has a capture, in the order of the verdicts' families. */
export const SCENARIOS: readonly Scenario[] = [...RESET_SCENARIOS];
