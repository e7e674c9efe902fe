import { DIGEST_PREFIX, PacketType, Tcp } from '@bothends/proto';
import { Link } from '../flows/links.js';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import { Fingerprints } from './fingerprints.js';
import type { Matcher } from './matcher.js';

/** Packets of a direction that are fingerprinted where no SYN was seen. */
export const FINGERPRINTED = 3;

/**
 * After those, as long as no other tap has seen the flow: one packet in so many (a power of two), and each that
 * follows a pause. Contents decide which, so that two taps that were not started at the same moment choose the
 * same.
 */
const SAMPLED = 16;

/** Whether a packet in the midst of an unjoined flow is fingerprinted. Heartbeats differ in stamp or IP id alone. */
export function isSampled(digest: number, stamp: number, ipId: number): boolean {
  return (Math.imul(digest ^ (stamp || ipId), 0x9e3779b1) >>> 16) % SAMPLED === 0;
}

/**
 * One packet on two interfaces of one host (`-i any` on a bridge or router) is captured twice within its way
 * through the kernel.
 */
export const DOUBLE_NS = 1_000_000;

/**
 * Joins the two halves of a connection that goes by different addresses at the two taps (NAT): address
 * translation leaves initial sequence number, time stamps, IP id and payload alone.
 */
export class FlowJoiner {
  private readonly store: FlowStore;
  private readonly matcher: Matcher;
  /** Per tap: fingerprint of a packet of a flow that only this tap has seen, and that flow with its direction. */
  private readonly seen = [new Fingerprints(), new Fingerprints()] as const;
  /** What the packet in hand is recognised by; 0: by nothing. */
  private first = 0;
  private second = 0;

  constructor(store: FlowStore, matcher: Matcher) {
    this.store = store;
    this.matcher = matcher;
  }

  /** By flow: the flow that was joined into it, and the tap that knows it by that other tuple. */
  private readonly aliases = new Map<number, { flow: number; tap: 0 | 1; swapped: boolean }>();

  aliasOf(flow: number): { flow: number; tap: 0 | 1; swapped: boolean } | undefined {
    return this.aliases.get(flow);
  }

  /** The flow that packets of `flow` really belong to. */
  resolve(flow: number): number {
    const target = this.store.links.get(flow, Link.joined);
    return target < 0 ? flow : target;
  }

  swapped(flow: number): boolean {
    return this.store.links.get(flow, Link.swapped) === 1;
  }

  /** Looks for the other half of the record's flow, if only one tap has seen it so far. */
  consider(r: number): void {
    const { records } = this.store;
    const flow = records.flow[r];
    const tap = records.tap[r];
    if (this.isSeenAt(flow, 1 - tap) && !(isSyn(records.flags[r]) && this.isStrayAt(r, 1 - tap))) return;
    this.fingerprint(r);
    if (this.first !== 0 && this.meet(r, this.first)) return;
    if (this.second !== 0) this.meet(r, this.second);
  }

  /** True when the print's partner was found and both flows are one now; else the print is kept for it. */
  private meet(r: number, print: number): boolean {
    const { records } = this.store;
    const flow = records.flow[r];
    const tap = records.tap[r];
    const partner = this.seen[1 - tap].get(print);
    if (partner >= 0) {
      const other = this.resolve(partner >> 1);
      const swap = (partner & 1) !== records.direction[r];
      if (other !== flow && !this.isSeenAt(other, tap) && this.canBeOne(flow, other, swap)) {
        this.join(r, other, swap);
        return true;
      }
    }
    this.noteTwin(r, partner);
    this.noteTwin(r, this.seen[tap].get(print));
    this.seen[tap].set(print, flow * 2 + records.direction[r]);
    return false;
  }

  /**
   * Notes that the owner of the record's print is the same connection: it had this packet at the same tap a
   * moment ago, before it was translated there.
   */
  private noteTwin(r: number, owner: number): void {
    const { records, sides, links } = this.store;
    const flow = records.flow[r];
    const other = owner >> 1;
    if (owner < 0 || other === flow || records.packetType[r] === PacketType.unknown) return;
    const since = (direction: number) =>
      records.time[r] - sides.data[this.store.side(other, direction, records.tap[r]) + Row.LAST_TIME];
    if (!(Math.abs(since(0)) <= DOUBLE_NS || Math.abs(since(1)) <= DOUBLE_NS)) return;
    links.set(flow, Link.twin, other);
    links.set(other, Link.twin, flow);
  }

  /** Whether a flow is only another face of one that its tap also saw by another tuple, which tells more. */
  isShadow(flow: number): boolean {
    const twin = this.store.links.get(flow, Link.twin);
    if (twin < 0 || this.resolve(twin) === flow || (this.isSeenAt(flow, 0) && this.isSeenAt(flow, 1)))
      return false;
    return (this.isSeenAt(twin, 0) && this.isSeenAt(twin, 1)) || twin < flow;
  }

  /** Most devices translate one end only: if both tuples share an end, it has to be the same end of both. */
  private canBeOne(flow: number, other: number, swap: boolean): boolean {
    const { table } = this.store;
    for (let end = 0; end < 2; end++) {
      for (let there = 0; there < 2; there++) {
        const same =
          table.port(flow, end) === table.port(other, there) && this.sameAddress(flow, end, other, there);
        if (same && (end === there) === swap) return false;
      }
    }
    return true;
  }

  private sameAddress(flow: number, end: number, other: number, there: number): boolean {
    const a = this.store.table.address(flow, end);
    const b = this.store.table.address(other, there);
    return a.every((word, i) => word === b[i]);
  }

  /**
   * What the tap saw of the SYN's flow has no SYN before it. Packets that escaped translation look like that,
   * such as a SYN-ACK straight from the server.
   */
  private isStrayAt(syn: number, tap: number): boolean {
    const { records } = this.store;
    const flow = records.flow[syn];
    const s = this.store.sides.data;
    const d = this.store.directions.data;
    for (let direction = 0; direction < 2; direction++)
      if (d[this.store.direction(flow, direction) + Row.PAIRS] > 0) return false;
    return s[this.store.side(flow, records.direction[syn], tap) + Row.SYN_OPTIONS] < 0;
  }

  private isSeenAt(flow: number, tap: number): boolean {
    const s = this.store.sides.data;
    for (let direction = 0; direction < 2; direction++) {
      if (s[this.store.side(flow, direction, tap) + Row.PACKETS] > 0) return true;
    }
    return false;
  }

  /** Takes the fingerprints by which the packet is recognised wherever it goes; none where it says too little. */
  private fingerprint(r: number): void {
    const { records, sides } = this.store;
    this.first = 0;
    this.second = 0;
    const protocol = this.store.table.protocol(records.flow[r]);
    if (protocol === 6 && records.flags[r] & Tcp.syn) {
      if ((records.flags[r] & Tcp.ack) === 0) this.ofSyn(r);
      return;
    }
    const side = this.store.side(records.flow[r], records.direction[r], records.tap[r]);
    if (records.digestLength[r] < DIGEST_PREFIX) return;
    if (sides.data[side + Row.PACKETS] > FINGERPRINTED && !this.isChosen(r)) return;
    if (protocol === 6) this.ofData(r);
    else this.ofDatagram(r);
  }

  private isChosen(r: number): boolean {
    const { state, digestHigh, timestampValue, ipId } = this.store.records;
    return (state[r] & State.afterIdle) !== 0 || isSampled(digestHigh[r], timestampValue[r], ipId[r]);
  }

  /**
   * By payload and sequence number, which say enough for the first bytes to do: the other tap may have captured less of the
   * payload. And where the device shifts sequence numbers, too, by the time stamp with IP id or flow label.
   */
  private ofData(r: number): void {
    const { records } = this.store;
    const payload = records.digestHigh[r];
    this.first = hash(payload, 4, records.length[r], records.sequence[r]);
    const stamp = records.timestampValue[r];
    if (stamp !== 0)
      this.second = hash(payload, stamp, records.length[r], records.ipId[r] ^ records.flowLabel[r]);
  }

  /**
   * By IP id and payload. By the payload alone where there is no id, or where it bears a number of its own: probes and
   * heartbeats say the same on every flow.
   */
  private ofDatagram(r: number): void {
    const { records } = this.store;
    const payload = hash(records.digestHigh[r], records.digestLow[r], records.length[r], 2);
    const hasId = records.ipId[r] !== 0;
    this.first = hasId ? hash(payload, records.ipId[r], records.sequence[r], 5) : payload;
    if (hasId && (records.dnsFlags[r] | records.dnsType[r]) !== 0) this.second = payload;
  }

  /** By its initial sequence number, and for devices that rewrite that one too by time stamp and IP id. */
  private ofSyn(r: number): void {
    const { records } = this.store;
    const stamp = records.timestampValue[r];
    const id = records.ipId[r];
    this.first = hash(records.sequence[r], stamp, records.window[r], 1);
    if (stamp !== 0 && id !== 0) this.second = hash(stamp, id, records.window[r], 3);
  }

  /** Moves all of the record's flow, which only its tap has seen, into `target`, which that tap has not. */
  private join(r: number, target: number, swap: boolean): void {
    const { links, sides, records } = this.store;
    const flow = records.flow[r];
    const tap = records.tap[r];
    this.store.ensure(target);
    links.set(flow, Link.joined, target);
    links.set(flow, Link.swapped, swap ? 1 : 0);
    this.aliases.set(target, { flow, tap: tap as 0 | 1, swapped: swap });
    const moved = new Set<number>([r, ...this.store.recent(flow, tap), ...this.store.notable(flow)]);
    const waiting: number[] = [];
    for (let direction = 0; direction < 2; direction++) {
      waiting.push(...this.matcher.waiting(this.store.side(flow, direction, tap)));
      const from = this.store.side(flow, direction, tap);
      const to = this.store.side(target, swap ? 1 - direction : direction, tap);
      sides.data.copyWithin(to, from, from + Row.SIDE_WORDS);
      this.store.emptyWaiting(from);
    }
    for (const c of waiting) moved.add(c);
    const strays = this.takeStrays(flow, 1 - tap);
    for (const c of strays) moved.add(c);
    for (const c of moved) {
      records.flow[c] = target;
      records.state[c] |= State.translated;
      if (swap) records.direction[c] = 1 - records.direction[c];
    }
    for (const c of strays) this.adopt(c);
    this.moveFlowRow(flow, target, tap);
    this.moveSegment(flow, target);
    this.matcher.rematch(target);
  }

  /** Takes packets of the flow that the other tap saw out of their waiting lists. */
  private takeStrays(flow: number, tap: number): number[] {
    const strays: number[] = [];
    for (let direction = 0; direction < 2; direction++) {
      const side = this.store.side(flow, direction, tap);
      for (const c of this.matcher.waiting(side)) {
        this.matcher.leave(c, side);
        strays.push(c);
      }
    }
    return strays;
  }

  private adopt(r: number): void {
    const { records, sides } = this.store;
    const side = this.store.side(records.flow[r], records.direction[r], records.tap[r]);
    sides.data[side + Row.PACKETS]++;
    sides.data[side + Row.BYTES] += records.length[r];
    this.store.wait(r, side);
  }

  private moveSegment(flow: number, target: number): void {
    const d = this.store.directions.data;
    for (let direction = 0; direction < 2; direction++) {
      const known = d[this.store.direction(flow, direction) + Row.SEGMENT];
      const word = this.store.direction(target, direction) + Row.SEGMENT;
      if (known > 0 && (d[word] === 0 || known < d[word])) d[word] = known;
    }
  }

  private moveFlowRow(flow: number, target: number, tap: number): void {
    const f = this.store.flows.data;
    const from = this.store.flow(flow);
    const to = this.store.flow(target);
    const recent = tap === 0 ? Row.RECENT_0 : Row.RECENT_1;
    const next = tap === 0 ? Row.RECENT_NEXT_0 : Row.RECENT_NEXT_1;
    f.copyWithin(to + recent, from + recent, from + recent + Row.RECENT);
    f.fill(-1, from + recent, from + recent + Row.RECENT);
    f[to + next] = f[from + next];
    const seen = tap === 0 ? Row.LAST_SEEN_0 : Row.LAST_SEEN_1;
    f[to + seen] = f[from + seen];
    f[to + Row.RESETS] += f[from + Row.RESETS];
    const resets = tap === 0 ? Row.RESETS_0 : Row.RESETS_1;
    f[to + resets] = f[from + resets];
    f[to + Row.HINTS] |= f[from + Row.HINTS];
    f[to + Row.NOTABLE] += this.store.moveNotable(flow, target);
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ b ^ (h >>> 15), 0xc2b2ae35);
  h = Math.imul(h ^ c ^ (h >>> 13), 0x27d4eb2f);
  h = Math.imul(h ^ d ^ (h >>> 16), 0x165667b1);
  return (h ^ (h >>> 15)) >>> 0;
}

function isSyn(flags: number): boolean {
  return (flags & (Tcp.syn | Tcp.ack)) === Tcp.syn;
}
