import { PcapFile, type Sent } from './pcap-writer.js';
import { type End, HOPS, isnOf, TTL, tupleOf } from './place.js';

/** Connections one after another, some at a time: each asks once, is answered, and closes. */
export interface Short {
  readonly connections: number;
  /** False: nobody answers, as a scan of a host that drops finds. */
  readonly answered: boolean;
}

/** Time from one connection to the next, and one way from host to host: some forty are open at a time. */
const GAP_NS = 10_000;
const ONE_WAY_NS = 20_000;

const FIN = 0x01;
const SYN = 0x02;
const PSH = 0x08;
const ACK = 0x10;
const REQUEST_BYTES = 200;
const ANSWER_BYTES = 1_000;

/** Sender, ns after the first SYN, flags, bytes of both that went before as [client, server], payload. */
type Turn = readonly [End, number, number, readonly [number, number], number];

const SCAN: readonly Turn[] = [['client', 0, SYN, [0, 0], 0]];
const CONNECTION: readonly Turn[] = [
  ['client', 0, SYN, [0, 0], 0],
  ['server', 1, SYN | ACK, [1, 0], 0],
  ['client', 2, ACK, [1, 1], 0],
  ['client', 2.1, ACK | PSH, [1, 1], REQUEST_BYTES],
  ['server', 3.1, ACK | PSH, [1 + REQUEST_BYTES, 1], ANSWER_BYTES],
  ['client', 4.1, ACK, [1 + REQUEST_BYTES, 1 + ANSWER_BYTES], 0],
  ['server', 4.2, ACK | FIN, [1 + REQUEST_BYTES, 1 + ANSWER_BYTES], 0],
  ['client', 5.2, ACK | FIN, [1 + REQUEST_BYTES, 2 + ANSWER_BYTES], 0],
  ['server', 6.2, ACK, [2 + REQUEST_BYTES, 2 + ANSWER_BYTES], 0],
];

/** Writes what the tap at one end captured. Returns the number of packets. */
export function writeShort(path: string, tap: End, { connections, answered }: Short): number {
  const file = new PcapFile(path);
  let open: Sent[] = [];
  for (let i = 0; i < connections; i++) {
    const begin = i * GAP_NS;
    const due = open.filter(({ at }) => at <= begin).sort((a, b) => a.at - b.at);
    open = open.filter(({ at }) => at > begin);
    for (const segment of due) file.add(segment);
    for (const turn of answered ? CONNECTION : SCAN) open.push(seenAt(tap, i, turn));
  }
  for (const segment of open.sort((a, b) => a.at - b.at)) file.add(segment);
  file.close();
  return file.packets;
}

function seenAt(tap: End, i: number, [from, after, flags, [asked, said], length]: Turn): Sent {
  const up = from === 'client';
  const own = tap === from;
  const [clientIsn, serverIsn] = [isnOf('client', i), isnOf('server', i)];
  const [sequence, acknowledged] = up
    ? [clientIsn + asked, serverIsn + said]
    : [serverIsn + said, clientIsn + asked];
  const at = i * GAP_NS + after * ONE_WAY_NS;
  return {
    at: own ? at : at + ONE_WAY_NS,
    ...tupleOf(from, i),
    ttl: own ? TTL : TTL - HOPS,
    ipId: 1 + Math.round(after * 10),
    sequence: sequence >>> 0,
    acknowledgment: flags & ACK ? acknowledged >>> 0 : 0,
    flags,
    timestampValue: 1 + Math.floor(at / 1e6),
    timestampEcho: flags & ACK ? 1 : 0,
    length,
  };
}
