import { PcapFile, type Sent } from './pcap-writer.js';
import { type End, HOPS, isnOf, TTL, tupleOf } from './place.js';
import { SEGMENT_BYTES } from './segment.js';

/** Bulk transfers from client to server, interleaved: handshake, then an ACK for every two full segments. */
export interface Bulk {
  readonly flows: number;
  /** Packets in all, rounded up to whole rounds over the flows. */
  readonly packets: number;
}

/** Time between two turns, and from one host to the other: ten flows' turns take longer than a round trip. */
const TURN_NS = 4_000;
const ONE_WAY_NS = 10_000;
/** The server's first answer to data: a status line, so that both ends have sent some. */
const GREETING_BYTES = 100;
const GREETING_ROUND = 2;

const SYN = 0x02;
const ACK = 0x10;

/** Writes what the tap at one end captured, pcap with nanoseconds. Returns the number of packets. */
export function writeBulk(path: string, tap: End, bulk: Bulk): number {
  const file = new PcapFile(path);
  const rounds = Math.ceil(bulk.packets / 3 / bulk.flows) + 1;
  const last = rounds * bulk.flows;
  // The answer to a turn arrives at the client so many turns later.
  const lag = tap === 'client' ? (2 * ONE_WAY_NS) / TURN_NS : 0;
  for (let turn = 0; turn < last + lag; turn++) {
    if (turn < last) for (const segment of clientTurn(bulk, turn)) file.add(seenAt(tap, 'client', segment));
    const answered = turn - lag;
    if (answered >= 0 && answered < last) {
      for (const segment of serverTurn(bulk, answered)) file.add(seenAt(tap, 'server', segment));
    }
  }
  file.close();
  return file.packets;
}

/** What the client sends: the SYN, the handshake's ACK, then two full segments a turn. */
function clientTurn(bulk: Bulk, turn: number): Sent[] {
  const round = Math.floor(turn / bulk.flows);
  const at = turn * TURN_NS;
  const made = (part: number, rest: Partial<Sent>) => clientSegment(bulk, turn, { at: at + part, ...rest });
  if (round === 0) return [made(0, { flags: SYN })];
  const sequence = isnOf('client', turn % bulk.flows) + 1 + Math.max(0, round - 2) * 2 * SEGMENT_BYTES;
  if (round === 1) return [made(0, { flags: ACK, sequence: sequence >>> 0 })];
  return [0, 1].map((i) => {
    const data = { flags: ACK, sequence: (sequence + i * SEGMENT_BYTES) >>> 0, length: SEGMENT_BYTES };
    return made((i * TURN_NS) / 2, { ...data, ipId: (round * 2 + i) & 0xffff });
  });
}

function clientSegment(bulk: Bulk, turn: number, rest: Partial<Sent>): Sent {
  const flow = turn % bulk.flows;
  const round = Math.floor(turn / bulk.flows);
  return {
    at: 0,
    ...tupleOf('client', flow),
    ttl: TTL,
    ipId: round & 0xffff,
    sequence: isnOf('client', flow),
    acknowledgment:
      round === 0 ? 0 : isnOf('server', flow) + 1 + (round > GREETING_ROUND ? GREETING_BYTES : 0),
    flags: ACK,
    timestampValue: Math.floor((turn * TURN_NS) / 1e6) + 1,
    timestampEcho: round === 0 ? 0 : 1,
    length: 0,
    ...rest,
  };
}

/** What the server answers: the SYN-ACK, nothing to the handshake's ACK, one ACK to two segments. */
function serverTurn(bulk: Bulk, turn: number): Sent[] {
  const round = Math.floor(turn / bulk.flows);
  if (round === 1) return [];
  const flow = turn % bulk.flows;
  const { timestampValue } = clientSegment(bulk, turn, {});
  return [
    {
      at: turn * TURN_NS + TURN_NS / 2 + ONE_WAY_NS,
      ...tupleOf('server', flow),
      ttl: TTL,
      ipId: round & 0xffff,
      sequence: isnOf('server', flow) + (round === 0 ? 0 : 1) + (round > GREETING_ROUND ? GREETING_BYTES : 0),
      acknowledgment: (isnOf('client', flow) + 1 + Math.max(0, round - 1) * 2 * SEGMENT_BYTES) >>> 0,
      flags: round === 0 ? SYN | ACK : ACK,
      timestampValue,
      timestampEcho: timestampValue,
      length: round === GREETING_ROUND ? GREETING_BYTES : 0,
    },
  ];
}

/** The same segment where a tap sees it. */
function seenAt(tap: End, sender: End, segment: Sent): Sent {
  if (tap === sender) return segment;
  return { ...segment, at: segment.at + ONE_WAY_NS, ttl: segment.ttl - HOPS };
}
