import type { PacketTable } from '@bothends/proto';
import type { InterfaceClock, PlainDecoder, TimeBase } from '../../decode/plain.js';

/**
 * Longest packet or block that is believed. BIG TCP super-packets reach 512 KiB; a damaged length is nearly always
 * far above this.
 */
export const MAX_RECORD_BYTES = 1 << 20;

/**
 * Turns the bytes of a capture, fed in pieces, into rows. Whoever feeds it keeps what was not consumed and offers it
 * again in front of the bytes that follow.
 */
export interface RecordParser {
  /**
   * Takes whole records of bytes[at, end) until `table` is full. Returns the offset of the first byte not consumed.
   * Throws BothendsError for a capture that cannot be read at all, before its first packet.
   */
  parse(bytes: Uint8Array, at: number, end: number, table: PacketTable): number;
  /** Set when the records cannot be followed any further: what was wrong and where. */
  readonly failure: string | null;
  /** Facts about the capture, as known so far. */
  readonly facts: CaptureFacts;
  /** What the next packets have in common; null where only this parser can tell, and where it did not see one yet. */
  readonly run: PacketRun | null;
  /** Packets of the run were decoded elsewhere, the last of them with this time in its row. */
  passed(packets: number, lastTimeNs: number): void;
}

/** What the packets that follow in a capture have in common, for who decodes the plain ones among them elsewhere. */
export interface PacketRun {
  readonly plain: PlainDecoder;
  /** Epoch ns that times count from. */
  readonly baseNs: bigint;
  /** How times are made of what a record says: as the add-on's `pcap` and `pcapng` take it. */
  readonly clock: PcapClock | PcapngClock;
}

export interface PcapClock extends TimeBase {
  readonly isPcapng: false;
  readonly tickNs: number;
}

export interface PcapngClock extends InterfaceClock {
  readonly isPcapng: true;
}

/** One interface of a capture. */
export interface InterfaceFacts {
  /** null when the capture does not say. */
  readonly name: string | null;
  readonly linkType: number;
  /** Bytes; 0 when unlimited or not stated. */
  readonly snaplen: number;
  readonly filter: string | null;
}

/** What the headers of a capture say about it. */
export interface CaptureFacts {
  readonly interfaces: readonly InterfaceFacts[];
  /** Resolution of the time stamps in ns: 1, 1000, …; the coarsest where interfaces differ. */
  readonly tickNs: number;
  /** Packets dropped before they could be written, null where the capture does not say. */
  readonly kernelDrops: number | null;
  /** When the capture was started and stopped, where it says so; epoch ns. */
  readonly openedNs: bigint | null;
  readonly closedNs: bigint | null;
  /** Packets of interfaces with a link type that is not read. */
  readonly skippedPackets: number;
}
