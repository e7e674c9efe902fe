import type { Scenario } from '../scenario.js';
import { overOtherFamily } from '../variants.js';
import { dnsAnswerLost } from './dns-answer-lost.js';
import { dnsDeadAaaa } from './dns-dead-aaaa.js';
import { dnsFailed } from './dns-failed.js';
import { dnsQueryLost } from './dns-query-lost.js';
import { dnsSilent } from './dns-silent.js';
import { httpBodyCut } from './http-body-cut.js';
import { icmpProhibited } from './icmp-prohibited.js';
import { proxyTerminated } from './proxy-terminated.js';
import { requestUnanswered } from './request-unanswered.js';
import { tlsAlertScenario } from './tls-alert.js';
import { tlsHelloDropped } from './tls-hello-dropped.js';
import { tlsHelloReset } from './tls-hello-reset.js';
import { tlsNameAllowed } from './tls-name-allowed.js';
import { topTalker } from './top-talker.js';
import { udpCutOnPath } from './udp-cut-on-path.js';
import { udpFragments } from './udp-fragments.js';
import { udpFragmentsLost } from './udp-fragments-lost.js';
import { udpLost } from './udp-lost.js';
import { udpPortClosed } from './udp-port-closed.js';
import { udpUnanswered } from './udp-unanswered.js';

export const APPLICATION_SCENARIOS: readonly Scenario[] = [
  dnsAnswerLost,
  dnsDeadAaaa,
  dnsFailed,
  dnsQueryLost,
  dnsSilent,
  httpBodyCut,
  icmpProhibited,
  proxyTerminated,
  requestUnanswered,
  overOtherFamily(requestUnanswered),
  tlsAlertScenario,
  tlsHelloDropped,
  tlsHelloReset,
  tlsNameAllowed,
  topTalker,
  udpCutOnPath,
  udpFragments,
  udpFragmentsLost,
  udpLost,
  udpPortClosed,
  udpUnanswered,
];
