import type { Scenario } from '../scenario.js';
import { overOtherFamily } from '../variants.js';
import { abortByClient } from './abort-by-client.js';
import { abortUnread } from './abort-unread.js';
import { acceptQueueAbort } from './accept-queue-abort.js';
import { closedEarlier } from './closed-earlier.js';
import { gaveUp } from './gave-up.js';
import { halfOpen } from './half-open.js';
import { idleReject } from './idle-reject.js';
import { idleResetBoth } from './idle-reset-both.js';
import { injectedBurst } from './injected-burst.js';
import { inputReject } from './input-reject.js';
import { inputRejectMidway } from './input-reject-midway.js';
import { keepaliveExpired } from './keepalive-expired.js';
import { lateSynAck } from './late-syn-ack.js';
import { loadBalancer } from './load-balancer.js';
import { noListener } from './no-listener.js';
import { noListenerTranslated } from './no-listener-translated.js';
import { oddTtl } from './odd-ttl.js';
import { outputReject } from './output-reject.js';
import { portReuse } from './port-reuse.js';
import { processKilled } from './process-killed.js';
import { rejectAtTap } from './reject-at-tap.js';
import { rejectBeforeTap } from './reject-before-tap.js';
import { rejectBehindNat } from './reject-behind-nat.js';
import { rejectTowardClient } from './reject-toward-client.js';
import { rejectTowardServer } from './reject-toward-server.js';
import { rstIgnored } from './rst-ignored.js';
import { rstLost } from './rst-lost.js';
import { socketDestroyed } from './socket-destroyed.js';
import { straySynAck } from './stray-syn-ack.js';
import { timeWait } from './time-wait.js';
import { unNattedStray } from './un-natted-stray.js';
import { waysOfDifferentLength } from './ways-of-different-length.js';

/** Those that are also staged over the other address family. */
const BOTH_FAMILIES: readonly Scenario[] = [
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
  lateSynAck,
  rstLost,
  rstIgnored,
  keepaliveExpired,
  idleReject,
  inputRejectMidway,
  waysOfDifferentLength,
];

export const RESET_SCENARIOS: readonly Scenario[] = [
  abortByClient,
  abortUnread,
  acceptQueueAbort,
  closedEarlier,
  gaveUp,
  halfOpen,
  idleReject,
  idleResetBoth,
  injectedBurst,
  inputReject,
  inputRejectMidway,
  keepaliveExpired,
  lateSynAck,
  loadBalancer,
  noListener,
  noListenerTranslated,
  oddTtl,
  outputReject,
  portReuse,
  processKilled,
  rejectAtTap,
  rejectBeforeTap,
  rejectBehindNat,
  rejectTowardClient,
  rejectTowardServer,
  rstIgnored,
  rstLost,
  socketDestroyed,
  timeWait,
  unNattedStray,
  straySynAck,
  waysOfDifferentLength,
  ...BOTH_FAMILIES.map(overOtherFamily),
];
