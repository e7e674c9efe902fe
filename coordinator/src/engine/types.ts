import type { Ladder, PacketTable, PathHistory, Report } from '@bothends/proto';

/** What is known about a tap before its first packet. */
export interface TapDescription {
  /** Name shown in the report: the agent's name, or the file's. */
  name: string;
  /** Whose end the operator said it is; null for files, where the traffic decides. */
  role: 'client' | 'server' | null;
  /** Addresses of the host, in text; empty when unknown (files). */
  addresses: readonly string[];
}

/** An interval in which a tap may have missed packets; the tap's clock, epoch ns. */
export interface GapInterval {
  fromNs: bigint;
  toNs: bigint;
  /** Packets known to be missing, null when the number is unknown. */
  packets: number | null;
  cause: string;
}

/** What a tap vouches for, cumulative; a later one replaces an earlier one. Times are the tap's clock, epoch ns. */
export interface TapCoverage {
  backEnd: string;
  filter: string;
  interfaces: readonly string[];
  snaplen: number;
  /** null: unknown (files say only when packets came, not when the capture was open). */
  openedNs: bigint | null;
  closedNs: bigint | null;
  /** Packets that the back end counted, null to use the number pushed. */
  packets: number | null;
  /** null: the back end cannot tell. */
  kernelDrops: number | null;
  agentDrops: number;
  timestamps: 'kernel' | 'user' | 'file';
  gaps: readonly GapInterval[];
  /** Everything up to here has been pushed; null: unknown until `finish`. */
  watermarkNs: bigint | null;
  /** The tap's marker datagram: its value in the `marker` column, and whether this tap saw it leave. Absent for files. */
  marker?: { readonly id: number; readonly sent: boolean; readonly left: boolean };
  /** The ceiling of its host that ended the tap, in words. */
  endedBy?: string;
  /** DNS and TLS server names left the host in clear. */
  names?: 'clear';
}

/** What is asked about a capture. */
export interface EngineOptions {
  captureId: string;
  captureName: string;
  /** Port that the operator asked about; enables `no-attempt`. */
  port: number | null;
  /** `--vouch-complete`: the user's word that files without drop counts are complete. */
  vouchComplete: boolean;
}

/** A bound on the server's clock minus the client's from an exchange outside the traffic. */
export interface ClockPrior {
  offsetNs: bigint;
  errorNs: number;
}

/** The engine as its callers see it. Pure: no clock, no I/O, no randomness. */
export interface EngineLike {
  /** Returns the tap's index. Exactly two taps today. */
  addTap(tap: TapDescription): number;
  /** Takes rows 0..length-1; the table may be reused as soon as this returns. */
  push(tap: number, table: PacketTable): void;
  /** Tells the name, in clear, of a row that was just pushed: printable ASCII. */
  named(tap: number, table: PacketTable, row: number, name: string): void;
  cover(tap: number, coverage: TapCoverage): void;
  prior(prior: ClockPrior): void;
  /** No more packets of this tap will come. */
  finish(tap: number): void;
  /** The report on everything pushed so far; cheap to call again when little changed. */
  report(): Report;
  /** What the path did to all of it over time. */
  history(): PathHistory;
}

/** Collects the rows of one flow while a second engine is fed the same evidence. */
export interface LadderLike extends EngineLike {
  ladder(): Ladder;
}
