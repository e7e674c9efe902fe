import { Tcp } from '@bothends/proto';
import type { Vouching } from '../taps.js';

/** Which way a packet goes. */
export type Toward = 'toward-server' | 'toward-client';

/** One packet as one tap saw it. `time` is that tap's clock, ns from its base. */
export interface Sighting {
  tap: 0 | 1;
  number: number;
  time: number;
  ttl: number;
}

/**
 * `lost`: sent, and the receiver's tap vouches (see `vouching`) that it never came. `injected`: received, and
 * the sender's tap vouches that it never left. `unknown`: seen at one end, and the other cannot vouch.
 */
export type Fate = 'delivered' | 'lost' | 'injected' | 'unknown';

/** One transmission on its way, seen at one end or both. Numbers as on the wire at the tap named by `seenBy`. */
export interface Packet {
  record: number;
  toward: Toward;
  /** At the sender's end, at the receiver's end. */
  sent: Sighting | null;
  received: Sighting | null;
  fate: Fate;
  /** What the tap that did not see it vouches for; null when both saw it. */
  vouching: Vouching | null;
  /** When it left, or where nobody saw that, when it arrived: time on tap 0's clock, best guess. */
  at: number;
  /** Tap whose record the fields below are from. */
  seenBy: 0 | 1;
  flags: number;
  sequence: number;
  /** Bytes from the first sequence number of its direction. */
  relative: number;
  acknowledgment: number;
  length: number;
  /** Payload bytes that the other end has seen. */
  covered: number;
  /** Size of the whole IP packet, bytes; may be a super-packet's. */
  ipLength: number;
  ipVersion: number;
  ipId: number;
  ipFlags: number;
  window: number;
  ttl: number;
  /** Interface index at the tap of `seenBy`, 0 where unknown. */
  ifindex: number;
  tos: number;
  flowLabel: number;
  timestampValue: number;
  timestampEcho: number;
  options: number;
  mss: number;
  wscale: number;
  sackCount: number;
  /** Idle time of the flow before it at its tap, ns, 0 when it was not idle. */
  idle: number;
  /** By tap: went by the flow's other tuple there, where a device translates addresses. */
  translated: readonly [boolean, boolean];
  copy: boolean;
  altered: boolean;
  repeat: boolean;
  icmp: IcmpError | null;
  tls: { record: number; handshake: number; alertLevel: number; alert: number } | null;
  dns: { id: number; flags: number; type: number; name: number } | null;
  http: { kind: number; status: number; length: number; headLength: number } | null;
}

/** An ICMP error about the packet's direction; `sequence` and `ipId` are quoted. */
export interface IcmpError {
  type: number;
  code: number;
  mtu: number;
  from: string;
  sequence: number;
  ipId: number;
}

export const isSyn = (p: Packet) => (p.flags & (Tcp.syn | Tcp.ack)) === Tcp.syn && !p.icmp;
export const isSynAck = (p: Packet) => (p.flags & (Tcp.syn | Tcp.ack)) === (Tcp.syn | Tcp.ack) && !p.icmp;
export const isRst = (p: Packet) => (p.flags & Tcp.rst) !== 0 && !p.icmp;
export const isFin = (p: Packet) => (p.flags & Tcp.fin) !== 0 && !p.icmp;

/** tcpdump's letters for TCP flags. */
export function flagLetters(flags: number): string {
  const letters = [
    [Tcp.syn, 'S'],
    [Tcp.fin, 'F'],
    [Tcp.rst, 'R'],
    [Tcp.psh, 'P'],
    [Tcp.ece, 'E'],
    [Tcp.cwr, 'W'],
    [Tcp.urg, 'U'],
    [Tcp.ack, '.'],
  ] as const;
  const text = letters.map(([bit, letter]) => (flags & bit ? letter : '')).join('');
  return text === '' ? 'none' : text;
}
