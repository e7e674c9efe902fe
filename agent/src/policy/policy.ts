import type { TimeWindow } from './times.js';

/** What the owner of a host allows to be captured on it. Every field is a rule that refusals name. */
export interface Policy {
  /** Names in the certificates of those who may capture here; null: whoever the coordinator lets. */
  readonly users: readonly string[] | null;
  /** `ask`: every capture waits until one of the owners approves it. */
  readonly consent: 'given' | 'ask';
  /** Users who may approve; not empty where consent is asked for. */
  readonly owners: readonly string[];
  /** When captures may run, in the host's local time; null: always. */
  readonly times: readonly TimeWindow[] | null;
  /** Bytes of a packet that may be looked at. */
  readonly maxSnaplen: number;
  readonly maxDurationMs: number;
  /** Pods in whose network may be captured, `NAMESPACE/NAME` with `*` for any run of characters; empty: none. */
  readonly pods: readonly string[];
  /** Names of the host's own interfaces, null: all. `any` must be listed to be allowed. */
  readonly interfaces: readonly string[] | null;
  /** Only packets from or to these ports, null: all. */
  readonly ports: readonly number[] | null;
  /** Only packets from or to these networks (CIDR), null: all. */
  readonly networks: readonly string[] | null;
  /** Only these filters, to the letter, null: all. */
  readonly filters: readonly string[] | null;
  /** Of one tap; null: no limit. Bytes are those captured, after the snaplen. */
  readonly maxPackets: number | null;
  readonly maxBytes: number | null;
  /** Packets per second of one tap above which it ends; null: no limit. */
  readonly maxRate: number | null;
  /** Whether DNS names and TLS server names may leave in clear, leave as digests under the capture's key, or not at all. */
  readonly names: 'clear' | 'digest' | 'none';
  /** Whether packets may be kept on this host as they were captured, and whether such a file may leave it. */
  readonly rawPackets: 'never' | 'keep' | 'export';
  /** Bytes that all kept packets of this host may take; what comes beyond is not kept. */
  readonly maxRawBytes: number;
  /** How long kept packets stay after their last one, ms. */
  readonly rawRetentionMs: number;
  /** Resident memory of the agent above which its taps end. */
  readonly maxMemoryBytes: number;
  /** Bytes on disk that one tap's batches may take while the coordinator is away; past it the oldest go. */
  readonly maxSpoolBytes: number;
  /** Free space on the disk of the spools below which its taps end. */
  readonly minFreeDiskBytes: number;
  /** Niceness of the agent and its tcpdump: 0 as any program, 19 only when nobody else wants the CPU. */
  readonly nice: number;
}

/** Holds headers with options and 64 bytes of payload to digest; see the capture back ends for the ring's part in it. */
export const DEFAULT_SNAPLEN = 192;

/**
 * Headers and digests only; a forgotten capture ends after ten minutes. An agent at full load takes some 150 MB; ten minutes
 * of 100 000 packets/s at 16 bytes each fit into the spool of a tap; what others need of the disk comes before evidence; and
 * a little nicer than the service it watches.
 */
export const DEFAULT_POLICY: Policy = {
  users: null,
  consent: 'given',
  owners: [],
  times: null,
  maxSnaplen: DEFAULT_SNAPLEN,
  maxDurationMs: 10 * 60_000,
  pods: [],
  interfaces: null,
  ports: null,
  networks: null,
  filters: null,
  maxPackets: null,
  maxBytes: null,
  maxRate: null,
  names: 'digest',
  rawPackets: 'never',
  maxRawBytes: 1_000_000_000,
  rawRetentionMs: 24 * 3_600_000,
  maxMemoryBytes: 512_000_000,
  maxSpoolBytes: 1_000_000_000,
  minFreeDiskBytes: 200_000_000,
  nice: 5,
};
