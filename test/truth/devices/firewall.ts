import { replyTo } from '../sim/host.js';
import { type Role, roleOf } from '../sim/ledger.js';
import { type Box, type Device, opposite } from '../sim/path.js';
import {
  type Direction,
  Flag,
  has,
  ipLength,
  isTcp,
  type Packet,
  type TcpPacket,
  withTcp,
} from '../wire/packets.js';

/** What a device's own packets look like. */
export interface Mould {
  /** Initial TTL: 64 for Linux boxes, 128 and 255 for others. */
  readonly ttl: number;
}

/** Answers a packet with the RST that its destination would have sent, and drops it: REJECT with tcp reset. */
export function rejectToSender(packet: TcpPacket, toward: Direction, box: Box, mould: Mould): void {
  const reset: TcpPacket = { ...replyTo(packet), ttl: mould.ttl, tos: 0, flowLabel: 0 };
  const back = opposite(toward);
  box.note(reset, { what: 'injected', toward: back, role: 'rst', router: box.router });
  drop(packet, toward, box, 'rule');
  box.inject(reset, back);
}

function drop(packet: Packet, toward: Direction, box: Box, why: 'idle' | 'rule'): void {
  box.note(packet, { what: 'path-dropped', toward, role: roleOf(packet), size: ipLength(packet), why });
}

/** Rejects from the first packet that `picks` on; what flows the other way passes. */
export function rejecting(
  router: number,
  picks: (packet: TcpPacket, toward: Direction) => boolean,
  mould: Mould,
): Device {
  return {
    router,
    handle(packet, toward, box) {
      if (isTcp(packet) && !has(packet, Flag.rst) && picks(packet, toward))
        rejectToSender(packet, toward, box, mould);
      else box.forward(packet);
    },
  };
}

/** What a stateful device does once its entry is gone. */
export type Expiry = 'drop' | 'reject-sender' | 'reset-both';

interface Entry {
  lastSeen: number;
  forgotten: boolean;
  latest: Record<Direction, TcpPacket | null>;
}

/**
 * A stateful firewall that forgets idle connections: then it drops or rejects what comes next, or
 * resets both ends at the moment of expiry, without a trigger, as cloud load balancers do.
 */
export function forgetful(router: number, timeoutNs: number, expiry: Expiry, mould: Mould): Device {
  const entries = new Map<object, Entry>();
  const refresh = (entry: Entry, packet: TcpPacket, toward: Direction, box: Box) => {
    entry.lastSeen = box.now;
    entry.latest[toward] = packet;
    if (expiry !== 'reset-both') return;
    box.scheduler.after(timeoutNs, () => {
      if (entry.lastSeen + timeoutNs <= box.scheduler.now) expireBoth(entry, box, mould, timeoutNs);
    });
  };
  const blocked = (entry: Entry, packet: TcpPacket, toward: Direction, box: Box) => {
    if (!entry.forgotten) box.note(packet, { what: 'forgotten', idleNs: box.now - entry.lastSeen });
    entry.forgotten = true;
    if (expiry === 'reject-sender' && !has(packet, Flag.rst)) rejectToSender(packet, toward, box, mould);
    else drop(packet, toward, box, 'idle');
  };
  return {
    router,
    handle(packet, toward, box) {
      const flow = box.ledger.flowOf(packet);
      if (!flow || !isTcp(packet)) return box.forward(packet);
      const opens = has(packet, Flag.syn) && !has(packet, Flag.ack);
      const entry = opens ? undefined : entries.get(flow);
      const current = entry ?? {
        lastSeen: box.now,
        forgotten: false,
        latest: { 'toward-server': null, 'toward-client': null },
      };
      if (!entry) entries.set(flow, current);
      if (current.forgotten || box.now - current.lastSeen > timeoutNs)
        return blocked(current, packet, toward, box);
      refresh(current, packet, toward, box);
      box.forward(packet);
    },
  };
}

function expireBoth(entry: Entry, box: Box, mould: Mould, idleNs: number): void {
  if (entry.forgotten) return;
  entry.forgotten = true;
  for (const toward of ['toward-server', 'toward-client'] as const) {
    const latest = entry.latest[toward];
    if (!latest) continue;
    const { sequence, data, flags } = latest.transport;
    const reset = withTcp(latest, {
      sequence: (sequence + data.length + (flags & (Flag.syn | Flag.fin) ? 1 : 0)) >>> 0,
      flags: Flag.rst | Flag.ack,
      window: 0,
      options: {},
      data: new Uint8Array(0),
    });
    box.note(latest, { what: 'forgotten', idleNs });
    box.note(latest, { what: 'injected', toward, role: 'rst' satisfies Role, router: box.router });
    box.inject({ ...reset, ttl: mould.ttl, id: 0 }, toward);
  }
}
