/** Every verdict code of bothends.report.v1. A closed set: other programs switch on it. */
export const VERDICT_CODES = [
  'rst-forged',
  'rst-genuine',
  'rst-lost',
  'rst-ignored',
  'syn-lost',
  'syn-unanswered',
  'syn-ack-lost',
  'syn-ack-forged',
  'handshake-ack-lost',
  'accept-stalled',
  'syn-forged',
  'no-attempt',
  'data-loss',
  'ack-loss',
  'loss-in-sender',
  'pmtu-black-hole',
  'payload-altered',
  'reordering',
  'duplication',
  'mss-clamped',
  'options-stripped',
  'dscp-changed',
  'ecn-bleached',
  'nat',
  'asymmetric-route',
  'proxy-terminated',
  'peer-silent',
  'zero-window',
  'idle-timeout',
  'port-reuse',
  'tls-hello-reset',
  'tls-alert',
  'dns-unanswered',
  'udp-lost',
  'udp-unanswered',
  'dns-failed',
  'http-body-cut',
  'top-talker',
  'icmp-error',
  'slow-server',
  'slow-path',
] as const;

/** What a finding says. */
export type VerdictCode = (typeof VERDICT_CODES)[number];

/** How far the evidence carries, strongest first. */
export const GRADES = ['proven', 'strong', 'likely', 'possible', 'inconclusive'] as const;

/** How far the evidence of a finding carries. */
export type Grade = (typeof GRADES)[number];

/** Notes describe what the path does to packets; alone they are no fault. */
export const NOTE_CODES: ReadonlySet<VerdictCode> = new Set([
  'mss-clamped',
  'options-stripped',
  'dscp-changed',
  'ecn-bleached',
  'nat',
  'asymmetric-route',
  'top-talker',
]);
