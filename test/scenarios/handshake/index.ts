import type { Scenario } from '../scenario.js';
import { overOtherFamily } from '../variants.js';
import { acceptQueueFull } from './accept-queue-full.js';
import { acceptStalled } from './accept-stalled.js';
import { handshakeAckLost } from './handshake-ack-lost.js';
import { noAttempt } from './no-attempt.js';
import { simultaneousOpen } from './simultaneous-open.js';
import { synAckLost } from './syn-ack-lost.js';
import { synForged } from './syn-forged.js';
import { synLost } from './syn-lost.js';
import { synProxy } from './syn-proxy.js';
import { synUnanswered } from './syn-unanswered.js';

/** Those that are also staged over the other address family. */
const BOTH_FAMILIES: readonly Scenario[] = [
  synLost,
  synUnanswered,
  synAckLost,
  handshakeAckLost,
  acceptStalled,
  acceptQueueFull,
];

export const HANDSHAKE_SCENARIOS: readonly Scenario[] = [
  acceptQueueFull,
  acceptStalled,
  handshakeAckLost,
  noAttempt,
  simultaneousOpen,
  synAckLost,
  synForged,
  synLost,
  synProxy,
  synUnanswered,
  ...BOTH_FAMILIES.map(overOtherFamily),
];
