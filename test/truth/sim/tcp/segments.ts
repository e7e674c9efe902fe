import type { TcpOptions, TcpPacket } from '../../wire/packets.js';
import { MS } from '../scheduler.js';

export interface Tuple {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

/** How a stack fills the IPv4 identification: Linux counts for each connection, others do not. */
export type Identification = 'counting' | 'random' | 'zero';

/** Numbers that a stack draws at random for each connection. */
export interface Draws {
  readonly isn: number;
  readonly identification: () => number;
  readonly timestampBase: number;
  readonly flowLabel: number;
}

/** What changes from segment to segment. */
export interface SegmentFields {
  readonly flags: number;
  /** From this side's ISN. */
  readonly offset: number;
  readonly acknowledgment: number;
  /** Bytes, and the shift that the window field is given in. */
  readonly window: number;
  readonly scale: number;
  readonly options: TcpOptions;
  /** Undefined: the connection's next one. */
  readonly id: number | undefined;
}

const NO_DATA = new Uint8Array(0);

/** Builds the packets of one connection: its addresses, its identification counter and its time-stamp clock. */
export class Segments {
  private readonly tuple: Tuple;
  private readonly draws: Draws;
  private readonly ttl: number;
  private readonly tos: number;

  constructor(tuple: Tuple, draws: Draws, ttl: number, tos: number) {
    this.tuple = tuple;
    this.draws = draws;
    this.ttl = ttl;
    this.tos = tos;
  }

  build(fields: SegmentFields): TcpPacket {
    const { tuple, draws } = this;
    return {
      source: tuple.local,
      destination: tuple.remote,
      ttl: this.ttl,
      tos: this.tos,
      id: fields.id ?? draws.identification(),
      dontFragment: true,
      flowLabel: draws.flowLabel,
      transport: {
        protocol: 'tcp',
        sourcePort: tuple.localPort,
        destinationPort: tuple.remotePort,
        sequence: (draws.isn + fields.offset) >>> 0,
        acknowledgment: fields.acknowledgment,
        flags: fields.flags,
        window: Math.min(0xffff, fields.window >> fields.scale),
        options: fields.options,
        data: NO_DATA,
      },
    };
  }

  /** The time-stamp clock in ms (RFC 7323 asks for 1 ms to 1 s; Linux has 1 ms). */
  clock(nowNs: number): number {
    return (this.draws.timestampBase + Math.floor(nowNs / MS)) >>> 0;
  }
}
