import { formatAddress, Layer, Mark, type PacketTable, Scan, scanRows } from '@bothends/proto';
import { AddressTexts } from '../address-text.js';
import { Link } from '../flows/links.js';
import { FlowNames } from '../flows/names.js';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import { FlowStore } from '../flows/store.js';
import { Sweep } from '../flows/sweep.js';
import { Express } from '../match/express.js';
import { Fragments, isFirstFragment, isLaterFragment } from '../match/fragments.js';
import { DOUBLE_NS, FlowJoiner } from '../match/join.js';
import { Matcher } from '../match/matcher.js';
import { Observer } from '../match/observe.js';
import { PairObserver } from '../match/pairs.js';
import { TupleReuse } from '../match/reuse.js';
import { Train, type TrainAddon } from '../match/train.js';
import { noteUnread, type Tap } from '../taps.js';
import { Timeline } from '../timeline/timeline.js';
import { noteMarker } from './markers.js';
import { Look, SecondLooks } from './second-looks.js';
import { BACKWARDS_NS, IN_ORDER, type TimeOrder, timeOrder } from './time-order.js';

/** Takes packets of either tap, in each tap's order, and keeps flows, matches and clock bounds up to date. */
export class Intake {
  readonly store = new FlowStore();
  readonly names = new FlowNames();
  readonly timeline = new Timeline();
  readonly pairs = new PairObserver(this.store, this.timeline);
  readonly matcher = new Matcher(this.store, (at0, at1, aligned) => this.pairs.paired(at0, at1, aligned));
  readonly joiner = new FlowJoiner(this.store, this.matcher);
  readonly observer = new Observer(this.store);
  /** The short way, for uneventful segments; null sends everything the long way. */
  express: Express | null = new Express(this.store, this.timeline, this.observer, this.matcher);
  /** The add-on, which takes most of those in its place; null without it. */
  trains: Train | null;
  /** `express`, where the rows of the table in hand may take the short way. */
  private shortWay: Express | null = null;
  /**
   * The row in hand is a second look at a packet, through another interface of its tap, however many packets came
   * in between.
   */
  private isSecondLook = false;
  readonly reuse = new TupleReuse(this.store);
  readonly sweep = new Sweep(this.store, (r) => this.matcher.forget(r));
  /** Place of the row in hand in the order in which a table is looked at. */
  private place = 0;
  /** Time of the newest packet of each tap. */
  private readonly latest: [number, number] = [Number.NaN, Number.NaN];
  /** The scan of tables that come without one. */
  private readonly ownScan = new Scan(0);
  private readonly addresses = new AddressTexts();
  private readonly fragments = new Fragments();
  private readonly secondLooks = [new SecondLooks(), new SecondLooks()] as const;
  /** Taps that early fragments were seen at. */
  private readonly taps: (Tap | undefined)[] = [];
  /** Keeps every packet of flows whose number this accepts (for a ladder). */
  trace: ((flow: number) => boolean) | null = null;

  constructor(trains: TrainAddon | null = null) {
    this.trains = trains && new Train(trains, this.store, this.timeline, this.matcher.index);
  }

  push(tap: Tap, table: PacketTable): void {
    tap.baseNs ??= table.baseNs;
    const shift = Number(table.baseNs - tap.baseNs);
    const scan = table.scan ?? scanRows(table, this.ownScan);
    const order = scan.isInOrder ? IN_ORDER : timeOrder(table);
    if (order.setBack) this.timeline.setBack = true;
    tap.backNs = Math.max(tap.backNs, order.backNs);
    this.noteTimes(tap, table, shift, scan, order);
    const before = tap.packets;
    if (table.prefixDigests) this.store.records.hasPrefixDigests = true;
    else this.store.records.hasWholeDigests = true;
    const again = this.secondLooks[tap.index].of(table, order.rows, shift);
    if (again !== null && this.secondLooks[tap.index].isRouted) tap.routes = true;
    this.shortWay = again === null ? this.express : null;
    this.shortWay?.open(tap, table, scan, shift, order.rows);
    const trains = this.shortWay !== null && this.trace === null ? this.trains : null;
    trains?.open(tap, table, scan, shift, order.rows);
    for (this.place = 0; this.place < table.length; this.place++) {
      if (trains !== null) this.place = trains.take(this.place);
      if (this.place === table.length) break;
      const i = order.rows === null ? this.place : order.rows[this.place];
      const look = again === null ? Look.first : (again[i] as Look);
      if (look === Look.again) continue;
      this.isSecondLook = look === Look.elsewhere;
      // Packets are numbered as they were captured.
      tap.packets = before + i + 1;
      this.packet(tap, table, i, table.time[i] + shift);
    }
    tap.packets = before + table.length;
    this.latest[tap.index] = tap.last;
    this.store.peeks.rest();
    this.matcher.eviction.relieve();
    if (!this.trace) this.sweep.run(table.length, this.latest);
  }

  /** Notes when the tap was open and how its clock ran, as far as the rows tell. */
  private noteTimes(tap: Tap, table: PacketTable, shift: number, scan: Scan, order: TimeOrder): void {
    if (table.length === 0) return;
    if (scan.isInOrder) {
      // Where the first is not behind, none is.
      this.noteTime(tap, scan.earliest + shift);
      this.noteTime(tap, scan.latest + shift);
      return;
    }
    for (let k = 0; k < table.length; k++)
      this.noteTime(tap, table.time[order.rows === null ? k : order.rows[k]] + shift);
  }

  private noteTime(tap: Tap, time: number): void {
    if (!(tap.first <= time)) tap.first = time;
    if (!(tap.last >= time)) tap.last = time;
    else if (tap.last - time > BACKWARDS_NS) this.timeline.setBack = true;
  }

  /** Notes a name for the flow that the row, which was pushed, belongs to. */
  named(tap: Tap, table: PacketTable, row: number, name: string): void {
    const { store } = this;
    const found = store.table.find(table, row);
    if (found < 0) return;
    const flow = this.joiner.resolve(found);
    const later = store.links.get(flow, tap.index === 0 ? Link.current0 : Link.current1);
    this.names.note(later < 0 ? flow : later, name);
  }

  private packet(tap: Tap, table: PacketTable, i: number, time: number): void {
    if (table.layer[i] !== Layer.transport) {
      if (isLaterFragment(table, i) && table.layer[i] === Layer.network)
        this.laterFragment(tap, table, i, time);
      else if (table.marks[i] & Mark.cut) tap.cut++;
      else noteUnread(tap, table, i);
      return;
    }
    const protocol = table.protocol[i];
    if (protocol === 6 || protocol === 17) {
      if (table.marker[i] !== 0) noteMarker(tap, table, i);
      else this.segment(tap, table, i, time, tap.packets);
      if (isFirstFragment(table, i)) this.firstFragment(table, i);
    } else if (table.quotedProtocol[i] === 6 || table.quotedProtocol[i] === 17) {
      this.icmpError(tap, table, i, time);
    } else if (table.quotedProtocol[i] === 0 && isIcmpError(protocol, table.icmpType[i])) {
      tap.unquoted++;
    }
  }

  private firstFragment(table: PacketTable, i: number): void {
    this.fragments.remember(table, i);
    this.fragments.release(table, i, (early, row, { tap, time, number }) => {
      const whole = this.fragments.complete(early, row);
      const seenBy = this.taps[tap];
      if (whole && seenBy) this.segment(seenBy, whole, 0, time, number);
    });
  }

  /**
   * A later fragment belongs to the flow of its datagram's first fragment; one that comes before that waits for
   * it.
   */
  private laterFragment(tap: Tap, table: PacketTable, i: number, time: number): void {
    const protocol = table.protocol[i];
    if (protocol !== 6 && protocol !== 17) {
      noteUnread(tap, table, i);
      return;
    }
    tap.laterFragments++;
    this.taps[tap.index] = tap;
    const whole = this.fragments.complete(table, i);
    if (whole) this.segment(tap, whole, 0, time, tap.packets);
    else this.fragments.keep(table, i, { tap: tap.index, time, number: tap.packets });
  }

  private segment(tap: Tap, table: PacketTable, i: number, time: number, number: number): void {
    const { store } = this;
    let flow = store.table.find(table, i);
    let direction = store.table.direction;
    if (flow < 0) {
      leaveOut(tap, time);
      return;
    }
    store.introduce(flow);
    const translated = this.joiner.resolve(flow) !== flow;
    if (translated) {
      if (this.joiner.swapped(flow)) direction = 1 - direction;
      flow = this.joiner.resolve(flow);
    }
    flow = this.reuse.current(flow, direction, tap.index, table, i);
    if (flow < 0) {
      leaveOut(tap, time);
      return;
    }
    store.ensure(flow);
    const mayHurry = !isLaterFragment(table, i) && !this.trace?.(flow);
    if (mayHurry && this.hurry(flow, direction, translated)) return;
    const r = store.records.allocate(table, i);
    store.records.place(r, flow, direction, tap.index, number, time);
    if (translated) store.records.state[r] |= State.translated;
    if ((store.records.packetType[r] !== 255 && this.isDouble(r)) || this.isSecondLook) {
      store.records.release(r);
      return;
    }
    this.observer.observe(r);
    this.joiner.consider(r);
    if (this.trace?.(store.records.flow[r])) store.note(r, Number.POSITIVE_INFINITY);
    const standing = this.matcher.match(r);
    flow = store.records.flow[standing];
    direction = store.records.direction[standing];
    store.remember(standing, flow, tap.index);
    if (standing !== r) store.records.release(r);
    if (!Number.isNaN(store.sides.data[store.side(flow, direction, tap.index) + Row.FIN_END]))
      this.close(flow);
  }

  /**
   * Tries the short way for the row in hand and those after it; then `place` is that of the last row taken. False
   * where it has to go the long way.
   */
  private hurry(flow: number, direction: number, translated: boolean): boolean {
    if (this.shortWay === null) return false;
    const end = this.shortWay.take(this.place, flow, direction, translated);
    if (end === this.place) return false;
    this.place = end - 1;
    return true;
  }

  /** The same packet was captured on another interface of this host a moment ago. */
  private isDouble(r: number): boolean {
    const { records, flows } = this.store;
    this.store.summon(records.flow[r]);
    const ring = this.store.ring(records.flow[r], records.tap[r]);
    for (let place = ring; place < ring + Row.RECENT; place++) {
      const c = flows.data[place];
      if (c < 0 || !this.isSamePacket(r, c) || !this.isElsewhere(r, c)) continue;
      const ttl = records.tap[c] === records.tap[r] ? records.ttl[c] : records.peerTtl[c];
      records.state[c] |= ttl === records.ttl[r] ? State.doubled | State.bridged : State.doubled;
      return true;
    }
    return false;
  }

  private isSamePacket(r: number, c: number): boolean {
    const { records } = this.store;
    return (
      records.sequence[c] === records.sequence[r] &&
      records.acknowledgment[c] === records.acknowledgment[r] &&
      records.ipId[c] === records.ipId[r] &&
      records.direction[c] === records.direction[r] &&
      records.length[c] === records.length[r] &&
      records.flags[c] === records.flags[r] &&
      records.timestampValue[c] === records.timestampValue[r] &&
      records.digestLow[c] === records.digestLow[r]
    );
  }

  /** Seen at the record's own tap at about the same time, on another interface or in another direction. */
  private isElsewhere(r: number, c: number): boolean {
    const { records } = this.store;
    const own = records.tap[c] === records.tap[r];
    const time = own ? records.time[c] : records.peerTime[c];
    if (Math.abs(time - records.time[r]) > DOUBLE_NS) return false;
    const type = own ? records.packetType[c] : records.peerType[c];
    const ifindex = own ? records.ifindex[c] : records.peerIfindex[c];
    return ifindex !== records.ifindex[r] || type !== records.packetType[r];
  }

  /** Lets go of the packets of a connection that closed in order at both ends. */
  private close(flow: number): void {
    const { sides, flows } = this.store;
    if (flows.data[this.store.flow(flow) + Row.RESETS] > 0 || this.trace) return;
    for (let direction = 0; direction < 2; direction++) {
      for (let tap = 0; tap < 2; tap++) {
        const side = this.store.side(flow, direction, tap);
        if (Number.isNaN(sides.data[side + Row.FIN_END]) || sides.data[side + Row.WAITING] > 0) return;
      }
    }
    this.store.forgetRecent(flow);
    this.store.forgetNotable(flow);
  }

  private icmpError(tap: Tap, table: PacketTable, i: number, time: number): void {
    const { store } = this;
    const { records } = store;
    let flow = store.table.findQuoted(table, i);
    if (flow < 0) return;
    let direction = store.table.direction;
    if (this.joiner.swapped(flow)) direction = 1 - direction;
    flow = this.joiner.resolve(flow);
    store.ensure(flow);
    const r = records.allocate(table, i);
    records.place(r, flow, direction, tap.index, tap.packets, time);
    records.sequence[r] = table.quotedSequence[i];
    records.acknowledgment[r] = table.quotedIpId[i];
    records.state[r] |= State.icmpError;
    for (const c of store.notable(flow)) if (this.isSameError(r, c)) this.pairErrors(r, c);
    if (!store.note(r)) records.release(r);
  }

  private isSameError(r: number, c: number): boolean {
    const { records } = this.store;
    if (!(records.state[c] & State.icmpError) || records.state[c] & State.matched) return false;
    if (records.tap[c] === records.tap[r] || records.state[r] & State.matched) return false;
    if (records.icmpType[c] !== records.icmpType[r] || records.icmpCode[c] !== records.icmpCode[r])
      return false;
    return (
      records.sequence[c] === records.sequence[r] && records.acknowledgment[c] === records.acknowledgment[r]
    );
  }

  private pairErrors(r: number, c: number): void {
    const { records } = this.store;
    for (const [a, b] of [
      [r, c],
      [c, r],
    ] as const) {
      records.peer[a] = b;
      records.peerNumber[a] = records.number[b];
      records.peerTime[a] = records.time[b];
      records.peerTtl[a] = records.ttl[b];
      records.state[a] |= State.matched;
    }
  }

  /** Text of an endpoint's address of a flow. */
  address(flow: number, endpoint: number): string {
    const { table } = this.store;
    return this.addresses.of(table.words, table.addressAt(flow, endpoint));
  }

  /** Text of the address in four words of a record column. */
  text(words: Uint32Array, offset: number): string {
    return formatAddress(words, offset);
  }
}

/** A packet of a flow that is not followed because there are too many: from now on the tap vouches for nothing. */
function leaveOut(tap: Tap, time: number): void {
  tap.untracked++;
  if (!(tap.untrackedFrom <= time)) tap.untrackedFrom = time;
}

/** Error messages: unreachable, time exceeded, parameter problem (RFC 792); types below 128 (RFC 4443). */
function isIcmpError(protocol: number, type: number): boolean {
  if (protocol === 58) return type < 128;
  return protocol === 1 && (type === 3 || type === 11 || type === 12);
}
