import type { Random } from '../random.js';
import { type Direction, ipLength, type Packet, type Side } from '../wire/packets.js';
import type { Ledger, NewDeed } from './ledger.js';
import type { Scheduler } from './scheduler.js';

/** What a device on the path may do with the packet in its hands. */
export interface Box {
  readonly now: number;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly router: number;
  /** Sends the packet on, `delayNs` later than at once. */
  forward(packet: Packet, delayNs?: number): void;
  /** Sends a packet of the device's own. */
  inject(packet: Packet, toward: Direction, delayNs?: number): void;
  /** Writes into the truth. */
  note(packet: Packet, deed: NewDeed): void;
  readonly ledger: Ledger;
}

export interface Device {
  /** Which router it sits on, counted from the client, from 1. */
  readonly router: number;
  handle(packet: Packet, toward: Direction, box: Box): void;
}

export interface PathSettings {
  /** Routers between the two hosts. */
  readonly hops: number;
  /** One-way delay of the whole path, ns. */
  readonly delayNs: Readonly<Record<Direction, number>>;
  /** Mean of the exponentially distributed queueing delay, ns. */
  readonly jitterNs: number;
  readonly bitsPerSecond: number;
}

export function opposite(toward: Direction): Direction {
  return toward === 'toward-server' ? 'toward-client' : 'toward-server';
}

/** The network between the two hosts: routers in a row, some with devices on them. */
export class Path {
  readonly settings: PathSettings;
  private readonly scheduler: Scheduler;
  private readonly ledger: Ledger;
  private readonly random: Random;
  private readonly devices: readonly Device[];
  private readonly receivers: Record<Side, (packet: Packet) => void>;
  /** When the leg that begins at a node is next free, and when its last packet arrives, by direction. */
  private readonly legs = new Map<string, { freeAt: number; lastArrival: number }>();

  constructor(
    settings: PathSettings,
    devices: readonly Device[],
    parts: { scheduler: Scheduler; ledger: Ledger; random: Random },
    receivers: Record<Side, (packet: Packet) => void>,
  ) {
    this.settings = settings;
    this.devices = [...devices].sort((a, b) => a.router - b.router);
    this.scheduler = parts.scheduler;
    this.ledger = parts.ledger;
    this.random = parts.random;
    this.receivers = receivers;
  }

  /** Takes a packet that leaves a host. */
  send(packet: Packet, from: Side): void {
    const toward = from === 'client' ? 'toward-server' : 'toward-client';
    const node = from === 'client' ? 0 : this.settings.hops + 1;
    this.travel(packet, node, from === 'client' ? 0 : this.devices.length - 1, toward);
  }

  /** Carries a packet from a node to the next device in its direction, or to the host at the end. */
  private travel(packet: Packet, node: number, deviceIndex: number, toward: Direction): void {
    const device = this.devices[deviceIndex];
    const end = toward === 'toward-server' ? this.settings.hops + 1 : 0;
    const next = device ? device.router : end;
    const between = Math.max(0, Math.abs(next - node) - 1);
    const arrived = { ...packet, ttl: packet.ttl - between };
    if (arrived.ttl <= 0) return;
    this.scheduler.after(this.arrival(packet, node, next, toward) - this.scheduler.now, () => {
      if (device) this.atDevice(arrived, deviceIndex, toward);
      else this.receivers[toward === 'toward-server' ? 'server' : 'client'](arrived);
    });
  }

  private arrival(packet: Packet, from: number, to: number, toward: Direction): number {
    const key = `${toward} ${from}`;
    const leg = this.legs.get(key) ?? { freeAt: 0, lastArrival: 0 };
    const { delayNs, bitsPerSecond, hops, jitterNs } = this.settings;
    const share = Math.abs(to - from) / (hops + 1);
    leg.freeAt = Math.max(this.scheduler.now, leg.freeAt) + (ipLength(packet) * 8e9) / bitsPerSecond;
    const queued = jitterNs > 0 ? this.random.exponential(jitterNs * share) : 0;
    // A queue keeps its order: jitter alone never reorders.
    leg.lastArrival = Math.max(leg.freeAt + delayNs[toward] * share + queued, leg.lastArrival + 1);
    this.legs.set(key, leg);
    return leg.lastArrival;
  }

  private atDevice(packet: Packet, index: number, toward: Direction): void {
    this.devices[index].handle(packet, toward, this.box(index, toward));
  }

  private box(index: number, toward: Direction): Box {
    const { scheduler, ledger, random } = this;
    const router = this.devices[index].router;
    return {
      now: scheduler.now,
      random,
      scheduler,
      router,
      ledger,
      forward: (packet, delayNs = 0) => this.leave(packet, index, toward, delayNs, true),
      inject: (packet, direction, delayNs = 0) => this.leave(packet, index, direction, delayNs, false),
      note: (packet, deed) => ledger.note(packet, deed),
    };
  }

  private leave(packet: Packet, index: number, toward: Direction, delayNs: number, routed: boolean): void {
    const next = index + (toward === 'toward-server' ? 1 : -1);
    const router = this.devices[index].router;
    const go = () => {
      // Two devices on one router hand over without another hop.
      if (this.devices[next]?.router === router) this.atDevice(packet, next, toward);
      else this.travel(routed ? { ...packet, ttl: packet.ttl - 1 } : packet, router, next, toward);
    };
    if (delayNs > 0) this.scheduler.after(delayNs, go);
    else go();
  }
}
