import { PacketTable, PacketType, type Scan, Seen, TcpOption } from '@bothends/proto';
import { State, sackDigest } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import type { Tap } from '../taps.js';
import type { Timeline } from '../timeline/timeline.js';
import { isBeyond } from './beyond.js';
import { CONTROL } from './identity.js';
import { FINGERPRINTED, isSampled } from './join.js';
import type { Matcher } from './matcher.js';
import { ID_WINDOW, IDLE_NS, MERGED_FROM, type Observer } from './observe.js';
import { TTL_PAIRS } from './pairs.js';

/** Bits of state that a record may have and still be matched here. */
const PLAIN = State.notable | State.translated | State.doubled | State.indexed;

/**
 * The short way, for the segments that make up nearly all of a capture: on an established connection, without
 * hints, going on exactly where their sender stood, and either the first sighting of a packet or the very one
 * that is expected next from the other tap. It does in one go what Observer, Matcher and PairObserver do, less
 * all that cannot apply, on the columns of the table; the second sighting of a packet gets no record of its own.
 * An add-on takes most of these segments in its place (Train) and does the same, also among what waits out of its
 * turn: whoever changes a function here changes the one of that name in native/train.c.
 *
 * Invariants: nothing is changed before a segment is sure to be taken, and one that is taken leaves everything as
 * the long way would (test/property/express.test.ts checks that). What is unusual is never judged here.
 */
export class Express {
  private readonly store: FlowStore;
  private readonly timeline: Timeline;
  private readonly observer: Observer;
  private readonly matcher: Matcher;

  // Fields that will outgrow 31 bits begin as NaN, which is a float64: changing the kind of a field later makes
  // V8 recompile every function that reads it.

  /**
   * The table in hand; its tap; that tap's number of the table's first row; what to add to the table's times; the
   * order of its rows, null for their own; what the scan said of each row.
   */
  private table = new PacketTable(0);
  private near: 0 | 1 = 0;
  private firstNumber = 1;
  private shift = Number.NaN;
  private order: Uint32Array | null = null;
  private seen: Uint8Array = new Uint8Array(0);
  /** The segment in hand: row, number and time at its tap, IP id and time stamp (0 for none). */
  private i = 0;
  private number = 0;
  private time = Number.NaN;
  private id = 0;
  private stamp = Number.NaN;
  /**
   * Its flow and direction, and offsets of their rows: flow, direction, what its own tap saw of the direction,
   * what the other tap did.
   */
  private flow = 0;
  private direction = 0;
  private row = 0;
  private way = 0;
  private side = 0;
  private far = 0;
  private translated = false;
  /** The path is not known to rewrite anything. */
  private isPathPlain = false;
  /** Only this tap has seen the flow: its other half may be looked for. */
  private isAlone = false;

  constructor(store: FlowStore, timeline: Timeline, observer: Observer, matcher: Matcher) {
    this.store = store;
    this.timeline = timeline;
    this.observer = observer;
    this.matcher = matcher;
  }

  /**
   * From now on rows of `table`, the next packets of `tap`, are taken. `shift`: ns to add to the table's times to
   * get the tap's; `order`: in which order to look at the rows, null for their own.
   */
  open(tap: Tap, table: PacketTable, scan: Scan, shift: number, order: Uint32Array | null): void {
    this.near = tap.index;
    this.table = table;
    this.firstNumber = tap.packets + 1;
    this.shift = shift;
    this.order = order;
    this.seen = scan.seen;
  }

  /**
   * Takes the row at place `k` of the order, and those after it as long as they are of the same flow and
   * direction. `translated`: it goes by the flow's other tuple. Returns the place of the first row not taken;
   * where that is `k`, nothing has changed.
   */
  take(k: number, flow: number, direction: number, translated: boolean): number {
    const { store, near, order } = this;
    if ((this.seen[order === null ? k : order[k]] & Seen.uneventful) === 0) return k;
    this.flow = flow;
    this.direction = direction;
    this.translated = translated;
    this.row = store.flow(flow);
    this.way = store.direction(flow, direction);
    this.side = store.side(flow, direction, near);
    this.far = this.side + (near === 0 ? Row.SIDE_WORDS : -Row.SIDE_WORDS);
    return this.isEstablished() ? this.ride(k) : k;
  }

  /** Takes the row at a place and those that follow it. */
  private ride(first: number): number {
    const { order, seen } = this;
    const { length } = this.table;
    let before = -1;
    for (let k = first; k < length; k++) {
      const i = order === null ? k : order[k];
      // A scan compares a row with the one before it in the table.
      const follows = k === first || (i === before + 1 && seen[i] === (Seen.uneventful | Seen.follows));
      if (!follows || !this.step(i)) return k;
      before = i;
    }
    return length;
  }

  private step(i: number): boolean {
    const { table, store } = this;
    this.i = i;
    this.number = this.firstNumber + i;
    this.time = table.time[i] + this.shift;
    this.id = table.ipVersion[i] === 4 ? table.ipId[i] : 0;
    this.stamp = table.tcpOptions[i] & TcpOption.timestamps ? table.timestampValue[i] : 0;
    if (!this.goesOn() || this.resemblesRecent()) return false;
    if (this.isAlone && table.digestLength[i] > 0 && isSampled(table.digestHigh[i], this.stamp, this.id))
      return false;
    const s = store.sides.data;
    const twin = s[this.far + Row.CURSOR] | 0;
    if (s[this.far + Row.WAITING] === 0 || this.isBeyond()) {
      this.observe();
      this.await();
    } else {
      if (twin < 0 || !this.isTwin(twin) || !this.isPlainPair(twin)) return false;
      this.observe();
      this.pair(twin);
    }
    return true;
  }

  /**
   * The tap saw the flow open, nothing closes or stops it, and its other half is not being looked for. Also notes
   * whether its path is plain.
   */
  private isEstablished(): boolean {
    const { store, near, row, way, side, far } = this;
    const s = store.sides.data;
    const d = store.directions.data;
    const opposite = this.direction === 0 ? 1 : -1;
    const back = way + opposite * Row.DIRECTION_WORDS;
    this.isPathPlain =
      d[way + Row.SENDER_TAP] >= 0 &&
      d[way + Row.ID_KEPT] === 1 &&
      d[way + Row.TS_KEPT] === 1 &&
      d[way + Row.SEQ_DELTA] === 0 &&
      d[back + Row.SEQ_DELTA] === 0;
    this.isAlone = s[far + Row.PACKETS] + s[far + 2 * opposite * Row.SIDE_WORDS + Row.PACKETS] === 0;
    return (
      s[side + Row.SEQ_BASE] >= 0 &&
      s[side + Row.TTL] >= 0 &&
      Number.isNaN(s[side + Row.FIN_END]) &&
      Number.isNaN(s[side + Row.ZERO_SINCE]) &&
      store.flows.data[row + (near === 0 ? Row.AFTERMATH_0 : Row.AFTERMATH_1)] === 0 &&
      (!this.isAlone || s[side + Row.PACKETS] >= FINGERPRINTED)
    );
  }

  /** The direction goes on where it stood at this tap, without a pause, a gap, or an IP id that is not newer. */
  private goesOn(): boolean {
    const { table, store, i, near, side, id } = this;
    const s = store.sides.data;
    const lastSeen = store.flows.data[this.row + (near === 0 ? Row.LAST_SEEN_0 : Row.LAST_SEEN_1)];
    const next = s[side + Row.SEQ_BASE] + s[side + Row.SEQ_END];
    if (((table.sequence[i] - next) | 0) !== 0 || this.time - lastSeen >= IDLE_NS) return false;
    // Its first data is kept.
    if (table.payloadLength[i] > 0 && Number.isNaN(s[side + Row.DATA_TIME])) return false;
    const last = s[side + Row.IP_ID];
    return id === 0 || last < 0 || ((last - id) & 0xffff) >= ID_WINDOW;
  }

  /**
   * A packet of the flow a moment ago was like it: captured twice on another interface, or copied by the path.
   * Asked only of captures and packets where nothing else tells these apart.
   */
  private resemblesRecent(): boolean {
    const { table, store, i } = this;
    const bare = this.id === 0 && table.payloadLength[i] === 0;
    if (table.packetType[i] === PacketType.unknown && !bare) return false;
    const { records, flows } = store;
    store.summon(this.flow);
    const ring = store.ring(this.flow, 0);
    for (let place = ring; place < ring + 2 * Row.RECENT; place++) {
      const c = flows.data[place];
      if (c < 0) continue;
      if (
        records.sequence[c] === table.sequence[i] &&
        records.acknowledgment[c] === table.acknowledgment[i] &&
        records.length[c] === table.payloadLength[i] &&
        records.timestampValue[c] === this.stamp &&
        (!this.isPathPlain || records.sackDigest[c] === sackDigest(table, i))
      )
        return true;
    }
    return false;
  }

  /** The record is the same transmission, by all that can tell. */
  private isTwin(c: number): boolean {
    const { table, i, id, stamp } = this;
    const { records } = this.store;
    if (!this.isPathPlain || (id === 0 && stamp === 0)) return false;
    const length = table.payloadLength[i];
    return (
      records.sequence[c] === table.sequence[i] &&
      records.length[c] === length &&
      records.ipId[c] === id &&
      records.timestampValue[c] === stamp &&
      (records.flags[c] & CONTROL) === 0 &&
      (length > 0 ||
        (records.acknowledgment[c] === table.acknowledgment[i] &&
          records.window[c] === table.window[i] &&
          records.sackCount[c] === table.sackCount[i] &&
          records.sackDigest[c] === sackDigest(table, i)))
    );
  }

  /** It is the first sighting of a packet, though others wait at the other tap (lost packets wait for ever). */
  private isBeyond(): boolean {
    const { table, i, near, way, far } = this;
    return table.payloadLength[i] > 0 && isBeyond(this.store, way, far, near, table.sequence[i]);
  }

  /** Nothing was special about the record, and the path changed nothing. */
  private isPlainPair(c: number): boolean {
    const { table, i } = this;
    const { records } = this.store;
    return (
      (records.state[c] & ~PLAIN) === 0 &&
      records.covered[c] === 0 &&
      records.tos[c] === table.tos[i] &&
      records.digestHigh[c] === table.digestHigh[i] &&
      (records.digestLow[c] === table.digestLow[i] || records.digestLength[c] !== table.digestLength[i])
    );
  }

  /** As Observer: what the tap saw of the direction. */
  private observe(): void {
    const { table, store, i, time, side, id, stamp } = this;
    const s = store.sides.data;
    const f = store.flows.data;
    f[this.row + (this.near === 0 ? Row.LAST_SEEN_0 : Row.LAST_SEEN_1)] = time;
    s[side + Row.PACKETS]++;
    // A clock that is set back goes behind where it began.
    if (!(s[side + Row.FIRST_TIME] <= time)) s[side + Row.FIRST_TIME] = time;
    s[side + Row.LAST_TIME] = time;
    s[side + Row.LAST_ACK] = table.acknowledgment[i];
    s[side + Row.WINDOW] = table.window[i];
    s[side + Row.LABEL] = table.ipVersion[i] === 6 ? table.flowLabel[i] : 0;
    if (table.packetType[i] === PacketType.outgoing) s[side + Row.OUTGOING] = 1;
    if (stamp !== 0) s[side + Row.TSVAL] = stamp;
    const length = table.payloadLength[i];
    const segments =
      length < MERGED_FROM ? 1 : this.observer.segments(length, this.flow, this.direction, stamp !== 0);
    s[side + Row.SEGMENTS] += segments;
    if (length > 0) this.observeData(length);
    if (id === 0) return;
    const last = s[side + Row.IP_ID];
    if (last >= 0) {
      const goesOn = ((id - last) & 0xffff) === (s[side + Row.LAST_SEGMENTS] & 0xffff);
      s[side + (goesOn ? Row.ID_STEPS : Row.ID_BREAKS)]++;
    }
    s[side + Row.IP_ID] = id;
    s[side + Row.LAST_SEGMENTS] = segments;
  }

  private observeData(length: number): void {
    const { store, time, side } = this;
    const s = store.sides.data;
    s[side + Row.BYTES] += length;
    s[side + Row.SEQ_END] += length;
    s[side + Row.LARGEST] = Math.max(s[side + Row.LARGEST], length);
    const asked = s[side + (this.direction === 0 ? 2 * Row.SIDE_WORDS : -2 * Row.SIDE_WORDS) + Row.DATA_TIME];
    if (asked > s[side + Row.DATA_TIME]) {
      s[side + Row.TURNS]++;
      s[side + Row.TURN_TOTAL] += time - asked;
      s[side + Row.TURN_LONGEST] = Math.max(s[side + Row.TURN_LONGEST], time - asked);
    }
    s[side + Row.DATA_TIME] = time;
  }

  /** Makes a record that waits for its twin. */
  private await(): void {
    const { records } = this.store;
    const r = records.allocate(this.table, this.i);
    records.place(r, this.flow, this.direction, this.near, this.number, this.time);
    if (this.translated) records.state[r] = State.translated;
    this.store.wait(r, this.side);
    this.store.remember(r, this.flow, this.near);
  }

  /** As Matcher: the record now stands for the packet at both taps. */
  private pair(c: number): void {
    const { table, store, i } = this;
    const { records } = store;
    const s = store.sides.data;
    records.covered[c] = records.length[c];
    records.peer[c] = c;
    records.peerNumber[c] = this.number;
    records.peerTime[c] = this.time;
    records.peerTtl[c] = table.ttl[i];
    records.peerType[c] = table.packetType[i];
    records.peerIfindex[c] = table.ifindex[i];
    records.state[c] |= this.translated ? State.matched | State.peerTranslated : State.matched;
    s[this.side + Row.MATCHED]++;
    s[this.far + Row.MATCHED]++;
    this.matcher.leave(c, this.far);
    this.learn(c);
    store.remember(c, this.flow, this.near);
  }

  /** As PairObserver: what the pair tells about clocks and path. */
  private learn(c: number): void {
    const { table, store, i, near, way } = this;
    const { records } = store;
    const d = store.directions.data;
    const time0 = near === 0 ? this.time : records.time[c];
    const time1 = near === 0 ? records.time[c] : this.time;
    const number0 = near === 0 ? this.number : records.number[c];
    const number1 = near === 0 ? records.number[c] : this.number;
    const difference = time1 - time0;
    if (++d[way + Row.PAIRS] <= TTL_PAIRS)
      d[way + Row.TTL_DIFF] += near === 0 ? table.ttl[i] - records.ttl[c] : records.ttl[c] - table.ttl[i];
    if (difference < d[way + Row.MIN_DIFF]) {
      d[way + Row.MIN_DIFF] = difference;
      d[way + Row.MIN_DIFF_AT] = time0;
    }
    if (difference > d[way + Row.MAX_DIFF]) {
      d[way + Row.MAX_DIFF] = difference;
      d[way + Row.MAX_DIFF_AT] = time0;
    }
    this.timeline.add(d[way + Row.SENDER_TAP] as 0 | 1, time0, difference);
    const size = records.length[c] > 0 ? Math.min(records.ipLength[c], table.ipLength[i]) : 0;
    d[way + Row.DELIVERED_SIZE] = Math.max(d[way + Row.DELIVERED_SIZE], size);
    if (number0 > d[way + Row.TOP_NUMBER_0]) {
      d[way + Row.TOP_NUMBER_0] = number0;
      d[way + Row.TOP_TIME_0] = time0;
    }
    if (number1 > d[way + Row.TOP_NUMBER_1]) {
      d[way + Row.TOP_NUMBER_1] = number1;
      d[way + Row.TOP_TIME_1] = time1;
    }
  }
}
