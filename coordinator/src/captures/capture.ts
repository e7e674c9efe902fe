import { type End, type ErrorCode, type PodReference, podText } from '@bothends/proto';

/** What the operator asked for; defaults are filled in already. */
export interface CaptureRequest {
  client: string;
  server: string;
  /** pcap-filter(7) as the user wrote it; the agents widen and narrow it. */
  filter: string;
  interface: string;
  /** 0: the agent's default. */
  snaplen: number;
  durationMs: number;
  /** 0: no limit but the agent's own. */
  maxPackets: number;
  /** Empty: the agent's default. */
  backEnd: string;
  /** Port that was asked about, 0 for none. */
  port: number;
  marker: boolean;
  until: Until;
  requestedBy: string;
  /** What is wanted beyond headers and digests, where a host's policy allows it; absent: not. */
  clearNames?: boolean;
  keepRaw?: boolean;
}

/** Values of `Until`; the empty one: nothing. */
export const UNTIL = ['', 'rst', 'finding'] as const;
/** What ends a capture by itself, besides time and packets. */
export type Until = (typeof UNTIL)[number];

/** Why a capture or tap failed. */
export interface Fault {
  code: ErrorCode;
  /** What was wrong, where, and what to do. */
  reason: string;
}

/** Where one tap is; the agent tells, but for `arming` and what the coordinator concludes from silence. */
export type TapPhase =
  | { state: 'requested' }
  | { state: 'arming' }
  | { state: 'armed' }
  | { state: 'recording' }
  | { state: 'draining' }
  | { state: 'complete' }
  | ({ state: 'refused' } & Fault)
  | ({ state: 'failed' } & Fault);

/** A pod as its node's agent found it. */
export interface Pod extends PodReference {
  /** What Kubernetes calls it for good. */
  uid: string;
}

/** One tap of a capture. */
export interface Tap {
  id: string;
  agent: string;
  /** The pod on the agent's node in whose network it is; absent: it is on the host itself. */
  pod?: Pod;
  role: End;
  /** Where other hosts reach this one, as its agent said when the capture was asked for. */
  addresses: string[];
  /** DER, in base64, of the key that its agent signed with when the capture was asked for; absent: it signs nothing. */
  signingKey?: string;
  /** JSON of the host's policy then; absent where its agent does not tell. */
  policyJson?: string;
  /** Users of whom one has to approve, for the host of this tap; absent: none has to. */
  owners?: string[];
  /** The owner who did. */
  approvedBy?: string;
  phase: TapPhase;
  /** All evidence that the tap took is committed. */
  drained: boolean;
}

/** Where a capture is. `deadlineNs` is when waiting ends, on the coordinator's clock. */
export type CapturePhase =
  | { state: 'requested' }
  /** Waits for owners of its hosts to approve; nothing has been sent to any of them. */
  | { state: 'asking'; deadlineNs: bigint }
  | { state: 'arming'; deadlineNs: bigint }
  | { state: 'armed'; deadlineNs: bigint }
  | { state: 'recording'; startedNs: bigint; deadlineNs: bigint }
  /** Evidence that arrives moves the deadline, up to `giveUpNs`. */
  | { state: 'draining'; startedNs: bigint; deadlineNs: bigint; giveUpNs: bigint }
  | { state: 'complete'; startedNs: bigint; endedNs: bigint }
  | ({ state: 'partial'; startedNs: bigint; endedNs: bigint } & Fault)
  | ({ state: 'failed'; endedNs: bigint } & Fault);

/** A bound on the server's clock minus the client's, from the agents' exchanges with the coordinator. */
export interface StoredPrior {
  offsetNs: bigint;
  errorNs: number;
}

/** A capture, as it is stored. */
export interface Capture {
  id: string;
  name: string;
  request: CaptureRequest;
  requestedNs: bigint;
  phase: CapturePhase;
  /** The client's tap, then the server's. */
  taps: Tap[];
  /** Kept with the evidence, so that the same report can be computed again. */
  prior: StoredPrior | null;
  /** Headline of the last report, empty before the first. */
  headline: string;
  /** The report on all of its evidence is in the store. */
  reported: boolean;
}

/** What the host of a tap is called in reports: by its agent's name, or as its pod. */
export function tapName({ agent, pod }: Tap): string {
  return pod === undefined ? agent : podText(pod);
}

/** True once nothing more will be recorded or waited for. */
export function isOver(phase: CapturePhase): boolean {
  return phase.state === 'complete' || phase.state === 'partial' || phase.state === 'failed';
}

/** True once a tap will take no more packets. */
export function hasEnded(phase: TapPhase): boolean {
  return phase.state === 'complete' || phase.state === 'failed' || phase.state === 'refused';
}

/** Why a capture or tap failed; null where it did not. */
export function faultOf(phase: TapPhase | CapturePhase): Fault | null {
  return 'reason' in phase ? { code: phase.code, reason: phase.reason } : null;
}

/** When the taps began and ended to record together; null where they never did. */
export function timesOf(phase: CapturePhase): { startedNs: bigint | null; endedNs: bigint | null } {
  return {
    startedNs: 'startedNs' in phase ? phase.startedNs : null,
    endedNs: 'endedNs' in phase ? phase.endedNs : null,
  };
}

/** True while the tap's host waits for the approval of an owner. */
export function needsApproval({ owners, approvedBy }: Tap): boolean {
  return owners !== undefined && approvedBy === undefined;
}

/** A capture with who asked for it, so that one line of the audit log names both sides. */
export function subjectOf({ id, request }: Capture): string {
  const extras = extrasOf(request);
  return `${id} asked for by ${request.requestedBy}${extras === '' ? '' : ` with ${extras}`}`;
}

/** What a capture asks for beyond headers and digests, in words; empty: nothing. */
export function extrasOf({ clearNames, keepRaw }: Pick<CaptureRequest, 'clearNames' | 'keepRaw'>): string {
  const extras = [...(keepRaw ? ['raw packets kept'] : []), ...(clearNames ? ['names in clear'] : [])];
  return extras.join(' and ');
}
