/**
 * What an in-line box does to packets, as plain data: scenarios write it, the process gets it as JSON. For each packet
 * the rules are tried in order; the first that matches acts, except that edits go on to the next rule.
 */
export interface BoxRules {
  /** Seed of everything random. */
  readonly seed?: number;
  readonly rules: readonly BoxRule[];
}

export interface BoxRule {
  /** Name under which deeds are counted. */
  readonly name: string;
  readonly match?: BoxMatch;
  readonly action: BoxAction;
}

export type Toward = 'toward-server' | 'toward-client';

/** Every condition that is given must hold. A rule without `match` takes all IP packets. */
export interface BoxMatch {
  readonly toward?: Toward;
  readonly protocol?: 'tcp' | 'udp' | 'icmp';
  /** Either port. */
  readonly port?: number;
  /** tcpdump's letters that must be set, `S.` for a SYN-ACK. */
  readonly flags?: string;
  /** Letters that must not be set. */
  readonly without?: string;
  /** IP total length above this, bytes. */
  readonly longerThan?: number;
  /** At least so many bytes of TCP or UDP payload. */
  readonly payload?: number;
  /** A TLS ClientHello, or one that names this server. */
  readonly clientHello?: true | string;
  /** Only matching packets number `from` to `to`, from 1, of each conversation. */
  readonly nth?: { readonly from: number; readonly to?: number };
  readonly probability?: number;
}

export type BoxAction =
  | { readonly do: 'drop' }
  | { readonly do: 'delay'; readonly ms: number }
  /** The copy follows so many ms later. */
  | { readonly do: 'duplicate'; readonly ms: number }
  /** Flips a bit of this payload byte; the checksum is made right again, or left wrong. */
  | { readonly do: 'corrupt'; readonly at: number; readonly repair: boolean }
  /** Overwrites a TCP option with NOPs: 2 MSS, 3 window scale, 4 SACK permitted, 8 time stamps. */
  | { readonly do: 'strip-option'; readonly kind: number }
  | { readonly do: 'clamp-mss'; readonly mss: number }
  /** Adds to the client's sequence numbers; take it for both directions, without a `toward`. */
  | { readonly do: 'shift-sequence'; readonly delta: number }
  | { readonly do: 'set-dscp'; readonly dscp: number }
  | { readonly do: 'clear-ecn' }
  | ResetAction
  | IdleAction;

/** RSTs made to look as if they came from the ends. */
export interface ResetAction {
  readonly do: 'reset';
  /** Ends that get them. */
  readonly toward: readonly Toward[];
  /** One RST each, at this distance from the expected sequence number. */
  readonly offsets: readonly number[];
  /** Initial TTL, or the trigger's own. */
  readonly ttl: number | 'mirrored';
  /** True: RST+ACK; false: a bare RST. */
  readonly acknowledges: boolean;
  readonly window?: number;
  /** What becomes of the packet that triggered it. */
  readonly trigger: 'pass' | 'drop';
}

/** A state table that forgets conversations. */
export interface IdleAction {
  readonly do: 'forget';
  readonly idleMs: number;
  /** What a forgotten conversation's next packet meets; `reset-both` comes at expiry, without a packet. */
  readonly meets: 'drop' | 'reset-sender' | 'reset-both';
  readonly ttl: number;
}

/** A line that the process prints: the truth about what it did. */
export type BoxEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'deed'; readonly rule: string; readonly did: string; readonly packet: string }
  | {
      readonly event: 'counts';
      readonly counts: Readonly<Record<string, number>>;
      readonly forwarded: number;
    };
