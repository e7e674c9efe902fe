import type { Link, LinkKind } from '../wire/link.js';
import { isTcp, type Packet } from '../wire/packets.js';
import { coalesce, join } from './offload.js';
import type { Scheduler, Timer } from './scheduler.js';
import type { Tap } from './tap.js';

export interface Offloads {
  /** The tap sees outgoing super-packets, and checksums that the card has yet to fill in. */
  readonly segmentation: boolean;
  /** The tap sees incoming segments merged. */
  readonly receive: boolean;
}

/** GRO holds a run this long for its next segment: about a NAPI poll. */
const RECEIVE_HOLD_NS = 40_000;

/** A network interface with a tap on it: merges what offload merges, records, and passes on. */
export class Nic {
  readonly tap: Tap;
  offloads: Offloads = { segmentation: false, receive: false };
  /** The wire; set when the network is put together. */
  wire: (packet: Packet) => void = () => {};
  /** The host's stack. */
  stack: (packet: Packet) => void = () => {};
  private readonly scheduler: Scheduler;
  private readonly outward: Link;
  private readonly inward: Link;
  private held: { packet: Packet; parts: Packet[]; timer: Timer } | null = null;

  constructor(scheduler: Scheduler, tap: Tap, kind: LinkKind, own: Uint8Array, gateway: Uint8Array) {
    this.scheduler = scheduler;
    this.tap = tap;
    this.outward = { kind, source: own, destination: gateway, moves: 'out' };
    this.inward = { kind, source: gateway, destination: own, moves: 'in' };
  }

  /** Sends a burst: recorded as the tap sees it, then segment by segment on the wire. */
  send(burst: readonly Packet[]): void {
    const seen = this.offloads.segmentation ? coalesce(burst).map(withPartialChecksum) : burst;
    for (const packet of seen) this.tap.record(packet, this.scheduler.now, this.outward);
    for (const packet of burst) this.wire(packet);
  }

  receive(packet: Packet): void {
    if (this.offloads.receive) this.merge(packet);
    else this.deliver(packet, [packet]);
  }

  private merge(packet: Packet): void {
    const held = this.held;
    const merged = held && join(held.packet, packet, held.parts.length);
    if (held && merged) {
      held.packet = merged;
      held.parts.push(packet);
      return;
    }
    this.release();
    if (isTcp(packet) && packet.transport.data.length > 0) {
      const timer = this.scheduler.after(RECEIVE_HOLD_NS, () => this.release());
      this.held = { packet, parts: [packet], timer };
    } else this.deliver(packet, [packet]);
  }

  private release(): void {
    if (!this.held) return;
    const { packet, parts, timer } = this.held;
    this.held = null;
    timer.cancel();
    this.deliver(packet, parts);
  }

  private deliver(seen: Packet, parts: readonly Packet[]): void {
    this.tap.record(seen, this.scheduler.now, this.inward);
    for (const part of parts) this.stack(part);
  }
}

function withPartialChecksum(packet: Packet): Packet {
  return packet.transport.protocol === 'icmp' ? packet : { ...packet, checksum: 'partial' };
}
