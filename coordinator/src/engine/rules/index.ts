import { applications } from './app/index.js';
import { noAttempt } from './app/no-attempt.js';
import { proxyTerminated } from './app/proxy-terminated.js';
import { topTalker } from './app/top-talker.js';
import { transparentProxy } from './app/transparent-proxy.js';
import type { CaptureRule, FlowRule } from './draft.js';
import { idleTimeout } from './endurance/idle-timeout.js';
import { endurance } from './endurance/index.js';
import { handshake } from './handshake/index.js';
import { losses } from './loss/index.js';
import { asymmetricRoute } from './path/asymmetric.js';
import { pathChanges } from './path/index.js';
import { slowQueue } from './path/queue.js';
import { resets } from './resets/index.js';

/** Every rule that looks at one flow. The order does not matter: arbitration ranks what they find. */
export const FLOW_RULES: readonly FlowRule[] = [
  resets,
  handshake,
  losses,
  pathChanges,
  endurance,
  applications,
  transparentProxy,
];

/** Every rule over the whole capture. */
export const CAPTURE_RULES: readonly CaptureRule[] = [
  idleTimeout,
  asymmetricRoute,
  slowQueue,
  proxyTerminated,
  noAttempt,
  topTalker,
];
