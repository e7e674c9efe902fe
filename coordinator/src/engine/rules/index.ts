import type { CaptureRule, FlowRule } from './draft.js';
import { handshake } from './handshake.js';
import { resets } from './resets/index.js';

/** Every rule that looks at one flow. The order does not matter: arbitration ranks what they find. */
export const FLOW_RULES: readonly FlowRule[] = [resets, handshake];

/** Every rule over the whole capture. */
export const CAPTURE_RULES: readonly CaptureRule[] = [];
