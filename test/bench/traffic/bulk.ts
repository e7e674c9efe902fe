import { PcapFile, type Sent } from './pcap-writer.js';
import { type End, HOPS, isnOf, TTL, tupleOf } from './place.js';
import { SEGMENT_BYTES } from './segment.js';

/** Bulk transfers from client to server, interleaved: handshake, then an ACK for every two full segments. */
export interface Bulk {
  readonly flows: number;
  /** Packets in all, rounded up to whole rounds over the flows. */
  readonly packets: number;
  /** Flows that are open at a time, a divisor of `flows`: these are closed before the next begin. None is closed without it. */
  readonly open?: number;
}

/** The turns of a capture: each flow that is open has one a round. */
interface Turns {
  readonly open: number;
  /** Of each flow. */
  readonly rounds: number;
  /** Of all flows. */
  readonly all: number;
  readonly close: boolean;
}

/** Time between two turns, and from one host to the other: ten flows' turns take longer than a round trip. */
const TURN_NS = 4_000;
const ONE_WAY_NS = 10_000;
/** Turns until the ACK of the server's FIN, and ns into that turn: a round trip after the client's own, when others have sent. */
const LAST_ACK_TURNS = 6;
const LAST_ACK_NS = 3_000;
/** The server's first answer to data: a status line, so that both ends have sent some. */
const GREETING_BYTES = 100;
const GREETING_ROUND = 2;

const FIN = 0x01;
const SYN = 0x02;
const ACK = 0x10;

/** Writes what the tap at one end captured, pcap with nanoseconds. Returns the number of packets. */
export function writeBulk(path: string, tap: End, bulk: Bulk): number {
  const file = new PcapFile(path);
  const turns = turnsOf(bulk);
  const { all } = turns;
  // The answer to a turn arrives at the client so many turns later.
  const lag = tap === 'client' ? (2 * ONE_WAY_NS) / TURN_NS : 0;
  const add = (sender: End, segments: readonly Sent[]) => {
    for (const segment of segments) file.add(seenAt(tap, sender, segment));
  };
  for (let turn = 0; turn < all + LAST_ACK_TURNS; turn++) {
    if (turn < all) add('client', clientTurn(turns, turn));
    if (turn >= lag && turn - lag < all) add('server', serverTurn(turns, turn - lag));
    if (turn >= LAST_ACK_TURNS) add('client', lastAck(turns, turn - LAST_ACK_TURNS));
  }
  file.close();
  return file.packets;
}

/** Three packets a round; those of a handshake take two. */
function turnsOf({ flows, packets, open }: Bulk): Turns {
  const rounds = Math.ceil(packets / 3 / flows) + 1;
  return { open: open ?? flows, rounds, all: rounds * flows, close: open !== undefined };
}

/** Which flow has a turn, in which of its rounds, and whether it closes then. */
function placeOf({ open, rounds, close }: Turns, turn: number) {
  const group = Math.floor(turn / (open * rounds));
  const round = Math.floor(turn / open) % rounds;
  return { flow: group * open + (turn % open), round, closes: close && round === rounds - 1 };
}

/** The client's number after `round` rounds: its SYN, the handshake's ACK, then two full segments each. */
function clientNumber(flow: number, round: number): number {
  return isnOf('client', flow) + (round === 0 ? 0 : 1) + Math.max(0, round - 2) * 2 * SEGMENT_BYTES;
}

function serverNumber(flow: number, round: number): number {
  return isnOf('server', flow) + (round === 0 ? 0 : 1) + (round > GREETING_ROUND ? GREETING_BYTES : 0);
}

/** What the client sends: the SYN, the handshake's ACK, then two full segments a turn, and at last a FIN. */
function clientTurn(turns: Turns, turn: number): Sent[] {
  const { flow, round, closes } = placeOf(turns, turn);
  const at = turn * TURN_NS;
  const made = (part: number, rest: Partial<Sent>) => clientSegment(turns, turn, { at: at + part, ...rest });
  if (round === 0) return [made(0, { flags: SYN })];
  const sequence = clientNumber(flow, round);
  if (closes) return [made(0, { flags: FIN | ACK, sequence: sequence >>> 0 })];
  if (round === 1) return [made(0, { flags: ACK, sequence: sequence >>> 0 })];
  return [0, 1].map((i) => {
    const data = { flags: ACK, sequence: (sequence + i * SEGMENT_BYTES) >>> 0, length: SEGMENT_BYTES };
    return made((i * TURN_NS) / 2, { ...data, ipId: (round * 2 + i) & 0xffff });
  });
}

/** The client's ACK of the FIN that answered a turn. */
function lastAck(turns: Turns, turn: number): Sent[] {
  const { flow, round, closes } = placeOf(turns, turn);
  if (!closes) return [];
  const sequence = (clientNumber(flow, round) + 1) >>> 0;
  const acknowledgment = (serverNumber(flow, round) + 1) >>> 0;
  const at = (turn + LAST_ACK_TURNS) * TURN_NS + LAST_ACK_NS;
  return [clientSegment(turns, turn, { at, sequence, acknowledgment, ipId: (2 * round + 1) & 0xffff })];
}

function clientSegment(turns: Turns, turn: number, rest: Partial<Sent>): Sent {
  const { flow, round, closes } = placeOf(turns, turn);
  return {
    at: 0,
    ...tupleOf('client', flow),
    ttl: TTL,
    ipId: (closes ? 2 * round : round) & 0xffff,
    sequence: isnOf('client', flow),
    acknowledgment: round === 0 ? 0 : serverNumber(flow, round),
    flags: ACK,
    timestampValue: Math.floor((turn * TURN_NS) / 1e6) + 1,
    timestampEcho: round === 0 ? 0 : 1,
    length: 0,
    ...rest,
  };
}

/** What the server answers: the SYN-ACK, nothing to the handshake's ACK, one ACK to two segments, FIN to FIN. */
function serverTurn(turns: Turns, turn: number): Sent[] {
  const { flow, round, closes } = placeOf(turns, turn);
  if (round === 1) return [];
  const { timestampValue } = clientSegment(turns, turn, {});
  const acknowledgment = closes ? clientNumber(flow, round) + 1 : clientNumber(flow, round + 1);
  const answer = closes ? FIN | ACK : ACK;
  return [
    {
      at: turn * TURN_NS + TURN_NS / 2 + ONE_WAY_NS,
      ...tupleOf('server', flow),
      ttl: TTL,
      ipId: round & 0xffff,
      sequence: serverNumber(flow, round),
      acknowledgment: acknowledgment >>> 0,
      flags: round === 0 ? SYN | ACK : answer,
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
