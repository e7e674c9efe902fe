import { Random } from '../../truth/random.js';
import { PcapFile, type Sent } from './pcap-writer.js';
import { type End, HOPS, isnOf, TTL, tupleOf } from './place.js';

/** Connections that stay open and ask small questions, as in front of a busy service. */
export interface Requests {
  readonly connections: number;
  readonly requests: number;
}

/** Means of the random time between requests, and of that in which one is answered, ns. */
const PACE_NS = 20_000;
const THINK_NS = 3_000_000;
const ROUND_TRIP_NS = 400_000;
/** Least and most payload of a request and of its answer. */
const REQUEST_BYTES = [80, 600] as const;
const ANSWER_BYTES = [40, 1_400] as const;

const PSH = 0x08;
const ACK = 0x10;

/** What one end of a connection has sent so far. */
interface Sender {
  /** Of the next byte. */
  sequence: number;
  ipId: number;
  /** Time stamp of its last segment. */
  stamp: number;
}

type Connection = Record<End, Sender> & { freeAt: number };

interface Turn {
  readonly at: number;
  readonly connection: number;
  readonly from: End;
  readonly length: number;
}

/** Writes what a tap at the client captured: request, answer, ACK, of many connections among one another. */
export function writeRequests(path: string, shape: Requests): number {
  const random = new Random(1);
  const connections = Array.from({ length: shape.connections }, (_, i) => open(random, i));
  const file = new PcapFile(path);
  for (const turn of turnsOf(shape, connections, random)) {
    file.add(segment(connections[turn.connection] as Connection, turn));
  }
  file.close();
  return file.packets;
}

function open(random: Random, i: number): Connection {
  const sender = (from: End): Sender => ({
    sequence: (isnOf(from, i) + 1) >>> 0,
    ipId: random.integer(0, 0xffff),
    stamp: random.word() >>> 1,
  });
  return { client: sender('client'), server: sender('server'), freeAt: 0 };
}

/** In the order of time; a connection asks again when it has its answer. */
function turnsOf(shape: Requests, connections: readonly Connection[], random: Random): Turn[] {
  const turns: Turn[] = [];
  let now = 0;
  for (let n = 0; n < shape.requests; n++) {
    now += random.exponential(PACE_NS);
    const connection = random.integer(0, connections.length - 1);
    const c = connections[connection] as Connection;
    const at = Math.max(now, c.freeAt);
    const answered = at + ROUND_TRIP_NS + random.exponential(THINK_NS);
    c.freeAt = answered + random.exponential(PACE_NS);
    turns.push(
      { at, connection, from: 'client', length: random.integer(...REQUEST_BYTES) },
      { at: answered, connection, from: 'server', length: random.integer(...ANSWER_BYTES) },
      { at: c.freeAt, connection, from: 'client', length: 0 },
    );
  }
  return turns.sort((a, b) => a.at - b.at);
}

function segment(connection: Connection, { at, connection: i, from, length }: Turn): Sent {
  const own = connection[from];
  const other = connection[from === 'client' ? 'server' : 'client'];
  const { sequence } = own;
  own.sequence = (sequence + length) >>> 0;
  own.ipId = (own.ipId + 1) & 0xffff;
  // Clocks of 1 kHz, as Linux has them.
  own.stamp = (own.stamp & ~0xfffff) + Math.floor(at / 1e6);
  return {
    ...tupleOf(from, i),
    at: Math.round(at),
    ttl: from === 'client' ? TTL : TTL - HOPS,
    ipId: own.ipId,
    sequence,
    acknowledgment: other.sequence,
    flags: length > 0 ? PSH | ACK : ACK,
    timestampValue: own.stamp,
    timestampEcho: other.stamp,
    length,
  };
}
