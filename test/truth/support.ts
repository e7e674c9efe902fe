import type { Finding, VerdictCode } from '@bothends/proto';
import type { Deed, FlowLedger, PathChange, Role, RstCause } from './sim/ledger.js';
import { MS } from './sim/scheduler.js';

/** Whether the truth of a flow bears out a finding. */
export type Support = (finding: Finding, flow: FlowLedger) => boolean;

/** True when one deed satisfies the test. */
const any =
  (test: (deed: Deed, finding: Finding) => boolean): Support =>
  (finding, flow) =>
    flow.deeds.some((deed) => test(deed, finding));

/** The finding's direction is the deed's, or the finding names none. */
const directed = (finding: Finding, toward: string) =>
  finding.direction === null || finding.direction === toward;

const lostOnPath = (...roles: Role[]): Support =>
  any(
    (deed, finding) =>
      deed.what === 'path-dropped' && roles.includes(deed.role) && directed(finding, deed.toward),
  );

const changed = (change: PathChange): Support =>
  any((deed) => deed.what === 'changed' && deed.change === change);

const didApp = (event: string): Support => any((deed) => deed.what === 'app' && deed.event === event);

const either =
  (one: Support, other: Support): Support =>
  (finding, flow) =>
    one(finding, flow) || other(finding, flow);

const never: Support = () => false;
const always: Support = () => true;

/** A forged RST was shot in each direction that the finding names. */
const forged =
  (role: Role): Support =>
  (finding, flow) => {
    const injected = (toward: string) =>
      flow.deeds.some((deed) => deed.what === 'injected' && deed.role === role && deed.toward === toward);
    const wanted = finding.direction === 'both' ? ['toward-server', 'toward-client'] : [finding.direction];
    return wanted.every((toward) =>
      toward === null ? injected('toward-server') || injected('toward-client') : injected(toward),
    );
  };

/** Causes that packets alone cannot tell from the true one. */
const ALSO: Readonly<Record<RstCause, readonly string[]>> = {
  'no-listener': ['local-firewall'],
  abort: ['process-died'],
  'closed-earlier': ['abort', 'half-open'],
  'half-open': ['closed-earlier', 'process-died'],
  'late-syn-ack': [],
  'local-firewall': ['no-listener', 'closed-earlier', 'half-open'],
  'accept-queue-full': [],
  'keepalive-expired': ['abort'],
  'un-natted-stray': [],
  consequence: ['closed-earlier', 'half-open'],
};

const genuine: Support = any((deed, finding) => {
  if (deed.what !== 'rst-sent' || (finding.sender !== null && finding.sender !== deed.by)) return false;
  const { cause } = finding;
  return cause === null || cause === 'unknown' || cause === deed.cause || ALSO[deed.cause].includes(cause);
});

/** Shorter than this nobody calls slow. */
const SLOW_NS = 5 * MS;

const slowServer: Support = any((deed) => deed.what === 'service' && deed.durationNs >= SLOW_NS);

/** How each code is borne out. A code that no kind can make true is never supported. */
export const SUPPORT: Readonly<Record<VerdictCode, Support>> = {
  'rst-forged': forged('rst'),
  'rst-genuine': genuine,
  'rst-lost': lostOnPath('rst'),
  'rst-ignored': any((deed) => deed.what === 'rst-ignored'),
  'syn-lost': lostOnPath('syn'),
  'syn-unanswered': any(
    (deed) => deed.what === 'host-dropped' && (deed.role === 'syn' || deed.role === 'syn-ack'),
  ),
  'syn-ack-lost': lostOnPath('syn-ack'),
  // A transparent proxy answers in the server's name as a SYN proxy does.
  'syn-ack-forged': either(forged('syn-ack'), didApp('proxied')),
  'handshake-ack-lost': lostOnPath('handshake-ack'),
  'accept-stalled': didApp('accept-stalled'),
  'syn-forged': either(forged('syn'), didApp('proxied')),
  'no-attempt': never,
  'data-loss': lostOnPath('data', 'fin'),
  'ack-loss': lostOnPath('ack', 'handshake-ack'),
  'loss-in-sender': any((deed) => deed.what === 'host-dropped' && deed.where === 'egress'),
  'pmtu-black-hole': any((deed) => deed.what === 'path-dropped' && deed.why === 'size'),
  'payload-altered': changed('payload'),
  reordering: any((deed, finding) => deed.what === 'reordered' && directed(finding, deed.toward)),
  duplication: any((deed, finding) => deed.what === 'duplicated' && directed(finding, deed.toward)),
  'mss-clamped': either(changed('mss'), didApp('proxied')),
  'options-stripped': either(changed('options'), didApp('proxied')),
  'dscp-changed': either(changed('dscp'), didApp('proxied')),
  'ecn-bleached': changed('ecn'),
  nat: changed('nat'),
  'asymmetric-route': never,
  'proxy-terminated': didApp('proxied'),
  'peer-silent': didApp('silent'),
  'zero-window': any(
    (deed, finding) => deed.what === 'zero-window' && (finding.sender ?? deed.side) === deed.side,
  ),
  'idle-timeout': any((deed) => deed.what === 'forgotten'),
  'port-reuse': didApp('port-reused'),
  'tls-hello-reset': didApp('hello-reset'),
  'tls-alert': didApp('tls-alert'),
  'dns-unanswered': didApp('unanswered'),
  'udp-lost': lostOnPath('datagram'),
  'udp-unanswered': didApp('unanswered'),
  'dns-failed': didApp('dns-failed'),
  'http-body-cut': didApp('http-cut'),
  'top-talker': always,
  'icmp-error': any((deed) => deed.what === 'icmp-sent'),
  'slow-server': slowServer,
  'slow-path': always,
};
