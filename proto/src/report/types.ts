import type { Grade, VerdictCode } from './codes.js';

/** `schema` of every report. */
export const REPORT_SCHEMA = 'bothends.report.v1';

/** Whose end of the path. */
export type End = 'client' | 'server';

/** One end of a flow; `port` is 0 where there is none (ICMP). */
export interface Endpoint {
  address: string;
  port: number;
}

/** UTC with nanoseconds, `2026-01-02T03:04:05.123456789Z`. */
export type Instant = string;

/** An interval in which a tap may have missed packets. */
export interface GapReport {
  from: Instant;
  to: Instant;
  /** Packets known to be missing, null when the number is unknown. */
  packets: number | null;
  cause: string;
}

/** The datagram that an agent sends toward the other host when its tap is armed. */
export interface MarkerReport {
  /**
   * `arrived`: seen at the other tap too, which proves both; `left`: seen at its own tap only; `not-seen`: not even
   * there; `off`: the capture was asked for without.
   */
  state: 'arrived' | 'left' | 'not-seen' | 'off';
  /** This host's address as it left and as the other tap saw it, where NAT makes them differ. */
  translated: { from: string; to: string } | null;
}

/** One tap, with what it can vouch for. */
export interface TapReport {
  name: string;
  role: End;
  backEnd: string;
  /** pcap-filter(7) as it ran, which is wider than what the user asked for. */
  filter: string;
  interfaces: string[];
  /** Bytes kept of each packet; 0: not stated. */
  snaplen: number;
  openedAt: Instant | null;
  closedAt: Instant | null;
  packets: number;
  /** Dropped before the tap got them; null where the back end cannot tell. */
  kernelDrops: number | null;
  /** Dropped after that, by back end or spool. */
  agentDrops: number;
  timestamps: 'kernel' | 'user' | 'file';
  coverage: 'complete' | 'gaps' | 'unknown';
  gaps: GapReport[];
  /** Absent for files. */
  marker?: MarkerReport;
  /** Packets cut by the snaplen before the header that tells their flow; absent when there are none. */
  cutShort?: number;
  /** Packets that were not looked into, by what they are (`SCTP`, `not IP`); absent when there are none. */
  notRead?: UnreadReport[];
  /** Packets of flows beyond those that the engine follows, which are not judged; absent when there are none. */
  untracked?: number;
  /** The ceiling that ended the tap by itself, in words; absent when it was stopped as asked. */
  endedBy?: string;
  /** DNS and TLS server names left the host in clear; absent: as digests, or not at all. */
  names?: 'clear';
}

/** Packets of a kind that nothing is said about. */
export interface UnreadReport {
  what: string;
  packets: number;
}

/** Server's clock minus the client's. Numbers are null where nothing bounds them. */
export interface ClockReport {
  offsetNs: number | null;
  errorNs: number | null;
  driftPpm: number | null;
  method: string;
  steps: { at: Instant; byNs: number; tap: string }[];
}

/** Where a flow's time went, ns; null where the packets do not tell. */
export interface Latency {
  /** From the first SYN to the first SYN-ACK, at the client. */
  connectNs: number | null;
  /** Mean time from a request to its answer, at the server. */
  serverNs: number | null;
  /** Mean time on the path, both ways together: what the client waits less what the server takes. */
  pathNs: number | null;
  /** How far off the two passages below may be, since they compare clocks. */
  errorNs: number | null;
  /** Fastest passage each way. */
  toServerNs: number | null;
  toClientNs: number | null;
}

/** One connection or conversation. */
export interface FlowReport {
  id: string;
  protocol: 'tcp' | 'udp' | 'icmp';
  client: Endpoint;
  server: Endpoint;
  /** The tuple as the server's tap saw it, where NAT makes it differ. */
  serverView: { client: Endpoint; server: Endpoint } | null;
  /** DNS and TLS server names in its packets; absent where no host let any leave in clear. */
  names?: string[];
  /** Seen at each tap, found at both, and lost on the way to either end. */
  packets: {
    clientTap: number;
    serverTap: number;
    matched: number;
    lostToServer: number;
    lostToClient: number;
  };
  latency: Latency | null;
  /** Ids of findings. */
  findings: string[];
}

/** A packet that a finding rests on: tap name and its number at that tap, from 1, as Wireshark counts. */
export interface PacketRef {
  tap: string;
  number: number;
  at: Instant;
  text: string;
}

/** One piece of evidence, with the packets that show it. */
export interface Evidence {
  kind: string;
  text: string;
  packets: PacketRef[];
}

/** Value of an attribute of a finding. */
export type Attribute = string | number | boolean | null;

/** One conclusion. */
export interface Finding {
  id: string;
  code: VerdictCode;
  /** How far the evidence carries. */
  grade: Grade;
  /** Id of the flow that it is about; null: the whole capture. */
  flow: string | null;
  direction: 'toward-client' | 'toward-server' | 'both' | null;
  /** Who sent the packet in question: `path` for what a device made. */
  sender: 'client' | 'server' | 'path' | null;
  /** Why, as far as packets tell; the words belong to the code. */
  cause: string | null;
  /** Where the fault is. */
  blame: 'client-host' | 'server-host' | 'path' | 'unknown';
  at: Instant | null;
  /** One sentence, which claims no more than the grade allows. */
  statement: string;
  /** Figures by name, for programs. */
  attributes: Record<string, Attribute>;
  evidence: Evidence[];
  /** What speaks against it. */
  counter: Evidence[];
  /** What it takes for granted; `checked`: the evidence bears it out. */
  assumptions: { text: string; checked: boolean }[];
  /** What would settle it. */
  missing: string[];
  /** Id of the finding that brought this one about. */
  consequenceOf: string | null;
  /** What to do. */
  remedy: string | null;
  /** Further flows of which the same was found: their `findings` name this one. Absent when there are none. */
  standsFor?: number;
}

/** A report, `bothends.report.v1`; docs/report-schema.json is the same as a JSON schema. */
export interface Report {
  schema: typeof REPORT_SCHEMA;
  /** Version of the engine. */
  engine: string;
  capture: { id: string; name: string; startedAt: Instant | null; endedAt: Instant | null };
  taps: TapReport[];
  clock: ClockReport;
  flows: FlowReport[];
  /** Flows that are not listed, and of them those with a fault; absent when all are. */
  flowsOmitted?: { flows: number; faulty: number };
  /** The one that the headline is about comes first. */
  findings: Finding[];
  /** The one sentence. */
  headline: string;
}

/** One line of a two-ended ladder. */
export interface LadderRow {
  /** Time on the client's clock, ns from the flow's first packet. */
  timeNs: number;
  direction: 'toward-client' | 'toward-server';
  /** ns on the same line; null where the packet was not seen at that tap. */
  clientNs: number | null;
  serverNs: number | null;
  clientNumber: number | null;
  serverNumber: number | null;
  fate: 'delivered' | 'lost' | 'injected' | 'unknown';
  /** tcpdump's letters: S F P R . U E W. */
  flags: string;
  /** Relative to the first sequence number of the direction, as tcpdump prints. */
  sequence: number | null;
  sequenceEnd: number | null;
  acknowledgment: number | null;
  window: number | null;
  length: number;
  /** Row index (in this ladder) of the transmission that this one repeats. */
  retransmissionOf: number | null;
  note: string;
}

/** One flow packet by packet, as both ends saw it. */
export interface Ladder {
  flow: FlowReport;
  clock: ClockReport;
  startedAt: Instant;
  rows: LadderRow[];
  /** Rows left out because the flow is too long to show whole. */
  omitted: number;
}

/** One-way delay and loss of one direction, by column; RFC 7679, RFC 7680. */
export interface PathColumns {
  /** ns; null where no packet was seen at both ends, or the clocks are not known. */
  lowestNs: (number | null)[];
  meanNs: (number | null)[];
  highestNs: (number | null)[];
  /** Packets that are proven lost, by the time at which they left. */
  lost: number[];
}

/** What the path did to the packets of all flows, in equal columns of time on one axis with the taps' coverage. */
export interface PathHistory {
  /** Begin of the first column, on the clock of the first tap. */
  startedAt: Instant;
  columnNs: number;
  toServer: PathColumns;
  toClient: PathColumns;
  /** How well the difference of the two clocks is known, ±ns; null where only one direction, or nothing, bounds it. */
  clockErrorNs: (number | null)[];
}
