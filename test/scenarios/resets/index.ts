import type { Scenario } from '../scenario.js';
import { abortByClient } from './abort-by-client.js';
import { abortUnread } from './abort-unread.js';
import { closedEarlier } from './closed-earlier.js';
import { halfOpen } from './half-open.js';
import { idleResetBoth } from './idle-reset-both.js';
import { injectedBurst } from './injected-burst.js';
import { inputReject } from './input-reject.js';
import { keepaliveExpired } from './keepalive-expired.js';
import { lateSynAck } from './late-syn-ack.js';
import { noListener } from './no-listener.js';
import { outputReject } from './output-reject.js';
import { portReuse } from './port-reuse.js';
import { rejectTowardClient } from './reject-toward-client.js';
import { rejectTowardServer } from './reject-toward-server.js';
import { rstIgnored } from './rst-ignored.js';
import { rstLost } from './rst-lost.js';

export const RESET_SCENARIOS: readonly Scenario[] = [
  rejectTowardServer,
  rejectTowardClient,
  injectedBurst,
  idleResetBoth,
  noListener,
  inputReject,
  outputReject,
  abortByClient,
  abortUnread,
  closedEarlier,
  halfOpen,
  portReuse,
  keepaliveExpired,
  lateSynAck,
  rstLost,
  rstIgnored,
];
