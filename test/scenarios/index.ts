import { APPLICATION_SCENARIOS } from './applications/index.js';
import { HANDSHAKE_SCENARIOS } from './handshake/index.js';
import { RESET_SCENARIOS } from './resets/index.js';
import type { Scenario } from './scenario.js';
import { TRANSFER_SCENARIOS } from './transfer/index.js';

/** Every incident that has a capture, in the order of the verdicts' families. */
export const SCENARIOS: readonly Scenario[] = [
  ...RESET_SCENARIOS,
  ...HANDSHAKE_SCENARIOS,
  ...TRANSFER_SCENARIOS,
  ...APPLICATION_SCENARIOS,
];
