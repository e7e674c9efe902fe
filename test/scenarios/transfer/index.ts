import type { Scenario } from '../scenario.js';
import { overOtherFamily } from '../variants.js';
import { ackLoss } from './ack-loss.js';
import { asymmetricRoute } from './asymmetric-route.js';
import { cutToTheEnd } from './cut-to-the-end.js';
import { dataLoss } from './data-loss.js';
import { dscpChanged } from './dscp-changed.js';
import { duplication } from './duplication.js';
import { ecnBleached } from './ecn-bleached.js';
import { healthy } from './healthy.js';
import { idleTimeout } from './idle-timeout.js';
import { lossInSender } from './loss-in-sender.js';
import { midstreamTranslated } from './midstream-translated.js';
import { mssClamped } from './mss-clamped.js';
import { nat } from './nat.js';
import { optionsStripped } from './options-stripped.js';
import { pathCut } from './path-cut.js';
import { payloadAltered } from './payload-altered.js';
import { payloadDamaged } from './payload-damaged.js';
import { peerSilent } from './peer-silent.js';
import { pmtuBlackHole } from './pmtu-black-hole.js';
import { pmtuDiscovered } from './pmtu-discovered.js';
import { pmtuIcmpIgnored } from './pmtu-icmp-ignored.js';
import { policed } from './policed.js';
import { reordering } from './reordering.js';
import { sequenceShifted } from './sequence-shifted.js';
import { silentBeyondTap } from './silent-beyond-tap.js';
import { slowPath } from './slow-path.js';
import { slowServer } from './slow-server.js';
import { windowNarrowed } from './window-narrowed.js';
import { zeroWindow } from './zero-window.js';

/** Those that are also staged over the other address family. */
const BOTH_FAMILIES: readonly Scenario[] = [
  healthy,
  zeroWindow,
  peerSilent,
  idleTimeout,
  mssClamped,
  lossInSender,
  pathCut,
];

export const TRANSFER_SCENARIOS: readonly Scenario[] = [
  ...ackLoss,
  asymmetricRoute,
  ...dataLoss,
  dscpChanged,
  ...duplication,
  ecnBleached,
  healthy,
  idleTimeout,
  lossInSender,
  midstreamTranslated,
  mssClamped,
  nat,
  optionsStripped,
  pathCut,
  cutToTheEnd,
  ...payloadAltered,
  ...payloadDamaged,
  peerSilent,
  silentBeyondTap,
  pmtuBlackHole,
  pmtuDiscovered,
  pmtuIcmpIgnored,
  policed,
  ...reordering,
  sequenceShifted,
  slowPath,
  slowServer,
  zeroWindow,
  windowNarrowed,
  ...BOTH_FAMILIES.map(overOtherFamily),
];
