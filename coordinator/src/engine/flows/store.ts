import { Dormant, type Forget } from './dormant.js';
import { FlowTable } from './flow-table.js';
import { hintOf } from './hints.js';
import { Link, Links } from './links.js';
import { Records, State } from './records.js';
import { Retired } from './retired.js';
import {
  ALTERED,
  BLANK_DIRECTION,
  BLANK_FLOW,
  BLANK_SIDE,
  CURSOR,
  DIRECTION_WORDS,
  ECN_CHANGED,
  FLOW_WORDS,
  HEAD,
  HINTS,
  LATE_AT_0,
  LATE_AT_1,
  MSS,
  NOTABLE,
  PACKETS,
  RECENT,
  RECENT_0,
  RECENT_1,
  RECENT_NEXT_0,
  RECENT_NEXT_1,
  Rows,
  SENDER_TAP,
  SIDE_WORDS,
  SYN_OPTIONS,
  TAIL,
  TOS_CHANGED,
  UNINDEXED,
  WAITING,
  WSCALE,
} from './rows.js';

/** Bits of a record's state that a packet of a connection without any trouble has. */
const ORDINARY = State.matched | State.notable | State.indexed;

/** Up to here there is room for the details of connections without trouble too, unless flows had to be put away; some 8 MB of columns. */
const SPARE_RECORDS = 32_768;

/** The first flows keep their details: what belongs to hosts and not to flows is told from samples. */
const SAMPLES = 64;

/** What a SYN says, per side, and what the path was seen to change, per direction. */
const SYN_FIELDS = [MSS, WSCALE, SYN_OPTIONS] as const;
const CHANGES = [TOS_CHANGED, ECN_CHANGED, ALTERED, LATE_AT_0, LATE_AT_1] as const;

/** Words of a side that name waiting records. */
const WAITING_ENDS = [HEAD, TAIL, CURSOR, UNINDEXED] as const;

/** Bits of `Link.outline`. */
const Outline = { waits: 1, seenAt0: 2, seenAt1: 4 } as const;

/** Where a direction's sender's tap stands in `Link.outline`, plus one, two bits each. */
const SENDERS = [3, 5] as const;

const NONE: readonly number[] = [];

/** `Link.place` of a flow that never had rows; below it stands the position of one that was put away. */
const NOWHERE = -1;
const positionOf = (place: number) => -2 - place;

/** Notable records kept per flow: enough for every handshake, FIN and RST of a flow that anybody reads. */
export const NOTABLE_LIMIT = 256;

/** Flows with their rows, the records alive, and the lists that tie them. Knows nothing about matching. */
export class FlowStore {
  readonly table = new FlowTable();
  readonly records = new Records();
  readonly sides = new Rows(SIDE_WORDS, BLANK_SIDE);
  readonly directions = new Rows(DIRECTION_WORDS, BLANK_DIRECTION);
  readonly flows = new Rows(FLOW_WORDS, BLANK_FLOW);
  readonly links = new Links();
  /** Notable records of a flow in the order they came, for flows that have any. */
  private readonly notables = new Map<number, number[]>();
  /** Matched records that nothing holds any more. */
  readonly retired = new Retired(this.records);
  readonly dormant = new Dormant(this);
  /** Rows made so far, those that no flow has, and by place the flow that has it (-1: none). */
  private places = 0;
  private readonly free: number[] = [];
  readonly flowAt: number[] = [];
  /** Flows that have rows. */
  openFlows = 0;

  /** Offset of the row of what `tap` saw of `direction` of `flow`. */
  side(flow: number, direction: number, tap: number): number {
    return (this.place(flow) * 4 + direction * 2 + tap) * SIDE_WORDS;
  }

  direction(flow: number, direction: number): number {
    return (this.place(flow) * 2 + direction) * DIRECTION_WORDS;
  }

  flow(flow: number): number {
    return this.place(flow) * FLOW_WORDS;
  }

  private place(flow: number): number {
    const place = this.links.get(flow, Link.place);
    return place >= 0 ? place : this.dormant.peeks.place(flow);
  }

  // --- places: which flows have rows

  /** Makes the rows of a flow that was just numbered. */
  introduce(flow: number): void {
    this.links.ensure(flow);
    if (this.links.get(flow, Link.place) === NOWHERE) this.open(flow);
  }

  /** Makes the rows of a flow that was just numbered, or takes those of one that was put away out again. */
  ensure(flow: number): void {
    this.links.ensure(flow);
    if (this.links.get(flow, Link.place) < 0) this.open(flow);
  }

  private open(flow: number): void {
    const before = this.links.get(flow, Link.place);
    const place = this.free.pop() ?? this.makePlaces(1);
    this.dormant.peeks.forget(flow);
    this.links.set(flow, Link.place, place);
    this.flowAt[place] = flow;
    this.openFlows++;
    if (before === NOWHERE) this.blank(place);
    else this.wake(flow, positionOf(before));
  }

  private wake(flow: number, position: number): void {
    const made = this.dormant.unpack(position, flow, true) ?? [];
    this.dormant.drop(position);
    for (const r of made.slice(this.dormant.held)) this.settle(r);
  }

  /** Puts a flow away for which nothing comes any more; false when too much is going on there. */
  putAway(flow: number, forget: Forget): boolean {
    this.dormant.peeks.reserve();
    const place = this.links.get(flow, Link.place);
    const outline = this.outlineOf(place);
    const position = this.dormant.pack(flow, forget);
    if (position < 0) return false;
    this.links.set(flow, Link.outline, outline);
    this.links.set(flow, Link.place, -2 - position);
    this.flowAt[place] = -1;
    this.free.push(place);
    this.openFlows--;
    return true;
  }

  /** Whether anything of a flow waits for its match. */
  someWaits(flow: number): boolean {
    const place = this.links.get(flow, Link.place);
    return (
      ((place < NOWHERE ? this.links.get(flow, Link.outline) : this.outlineOf(place)) & Outline.waits) !== 0
    );
  }

  /** Whether both taps saw packets of a flow. */
  isSeenAtBoth(flow: number): boolean {
    const place = this.links.get(flow, Link.place);
    const outline = place < NOWHERE ? this.links.get(flow, Link.outline) : this.outlineOf(place);
    return (outline & (Outline.seenAt0 | Outline.seenAt1)) === (Outline.seenAt0 | Outline.seenAt1);
  }

  /** Tap at the sender's end of a direction, by the packets that were matched; -1: not known. */
  provenSender(flow: number, direction: 0 | 1): number {
    const place = this.links.get(flow, Link.place);
    if (place < NOWHERE) return ((this.links.get(flow, Link.outline) >> SENDERS[direction]) & 3) - 1;
    return this.directions.data[this.direction(flow, direction) + SENDER_TAP];
  }

  private outlineOf(place: number): number {
    const s = this.sides.data;
    let outline = 0;
    for (let i = 0; i < 4; i++) {
      const side = (place * 4 + i) * SIDE_WORDS;
      if (s[side + WAITING] > 0) outline |= Outline.waits;
      if (s[side + PACKETS] > 0) outline |= (i & 1) === 0 ? Outline.seenAt0 : Outline.seenAt1;
    }
    for (const direction of [0, 1] as const) {
      const sender = this.directions.data[(place * 2 + direction) * DIRECTION_WORDS + SENDER_TAP];
      outline |= (sender + 1) << SENDERS[direction];
    }
    return outline;
  }

  /** Moves what was put away together where much of it was taken out again. */
  tidy(): void {
    if (!this.dormant.isWasteful) return;
    this.dormant.renew((move) => {
      for (let flow = 0; flow < this.table.count; flow++) {
        const place = this.links.get(flow, Link.place);
        if (place < NOWHERE) this.links.set(flow, Link.place, -2 - move(positionOf(place)));
      }
    });
  }

  /** Rows for more flows, blank; returns the first place. */
  makePlaces(count: number): number {
    const first = this.places;
    this.places += count;
    this.flows.ensure(this.places - 1);
    this.directions.ensure(this.places * 2 - 1);
    this.sides.ensure(this.places * 4 - 1);
    for (let place = first; place < this.places; place++) this.flowAt.push(-1);
    return first;
  }

  private blank(place: number): void {
    this.flows.blankOut(place, 1);
    this.directions.blankOut(place * 2, 2);
    this.sides.blankOut(place * 4, 4);
  }

  // --- waiting: unmatched records of a side, oldest first

  wait(r: number, side: number): void {
    const s = this.sides.data;
    const records = this.records;
    const tail = s[side + TAIL];
    records.previousWaiting[r] = tail;
    records.nextWaiting[r] = -1;
    if (tail >= 0) records.nextWaiting[tail] = r;
    else s[side + HEAD] = r;
    s[side + TAIL] = r;
    s[side + WAITING]++;
    if (s[side + CURSOR] < 0) s[side + CURSOR] = r;
    if (s[side + UNINDEXED] < 0) s[side + UNINDEXED] = r;
  }

  unwait(r: number, side: number): void {
    const s = this.sides.data;
    const records = this.records;
    const before = records.previousWaiting[r];
    const after = records.nextWaiting[r];
    if (before >= 0) records.nextWaiting[before] = after;
    else s[side + HEAD] = after;
    if (after >= 0) records.previousWaiting[after] = before;
    else s[side + TAIL] = before;
    s[side + WAITING]--;
    if (s[side + CURSOR] === r) s[side + CURSOR] = after;
    if (s[side + UNINDEXED] === r) s[side + UNINDEXED] = after;
  }

  /** Waiting records of a side, oldest first. */
  waiting(side: number): number[] {
    const list: number[] = [];
    for (let r = this.sides.data[side + HEAD]; r >= 0; r = this.records.nextWaiting[r]) list.push(r);
    return list;
  }

  /** Forgets that anything waits on a side; the records are another's by now. */
  emptyWaiting(side: number): void {
    const s = this.sides.data;
    for (const word of WAITING_ENDS) s[side + word] = -1;
    s[side + WAITING] = 0;
  }

  // --- recent: the last few packets of a flow at a tap. A packet matched on arrival is held by its first record.

  remember(r: number, flow: number, tap: number): void {
    const f = this.flows.data;
    const row = this.flow(flow);
    const next = row + (tap === 0 ? RECENT_NEXT_0 : RECENT_NEXT_1);
    const place = this.ring(flow, tap) + f[next];
    f[next] = (f[next] + 1) & (RECENT - 1);
    const oldest = f[place] | 0;
    f[place] = r;
    this.records.holds[r]++;
    if (oldest >= 0) this.unhold(oldest);
  }

  /** Offset in `flows` of the ring of a flow's recent records at a tap. */
  ring(flow: number, tap: number): number {
    return this.flow(flow) + (tap === 0 ? RECENT_0 : RECENT_1);
  }

  /** The recent records of a flow at a tap, oldest first. */
  recent(flow: number, tap: number): number[] {
    this.summon(flow);
    const f = this.flows.data;
    const row = this.flow(flow);
    const next = f[row + (tap === 0 ? RECENT_NEXT_0 : RECENT_NEXT_1)];
    const list: number[] = [];
    for (let i = 0; i < RECENT; i++) {
      const r = f[this.ring(flow, tap) + ((next + i) & (RECENT - 1))];
      if (r >= 0) list.push(r);
    }
    return list;
  }

  private unhold(r: number): void {
    this.records.holds[r]--;
    this.settle(r);
  }

  /** Lets go of the recent records of a flow that ended well. */
  forgetRecent(flow: number): void {
    const f = this.flows.data;
    const row = this.flow(flow);
    for (let place = row + RECENT_0; place < row + RECENT_0 + 2 * RECENT; place++) {
      const r = f[place];
      f[place] = -1;
      if (r >= 0) this.unhold(r);
    }
  }

  // --- notable

  /** The notable records of a flow, in the order they came. */
  notable(flow: number): readonly number[] {
    this.summon(flow);
    return this.notables.get(flow) ?? NONE;
  }

  /** Makes the records of a flow that was put away. */
  private summon(flow: number): void {
    if (this.links.get(flow, Link.place) < 0 && !this.dormant.peeks.hasRecords(flow))
      this.dormant.peeks.open(flow, true);
  }

  /** Changes whenever the numbers of a flow's records do: what was read of them by number holds only as long. */
  residence(flow: number): number {
    return this.links.get(flow, Link.place) >= 0 ? -1 : this.dormant.peeks.serialOf(flow);
  }

  setNotable(flow: number, list: number[]): void {
    if (list.length > 0) this.notables.set(flow, list);
    else this.notables.delete(flow);
  }

  /** Gives a flow's notable records to another flow; returns how many. Their own `flow` is the caller's to set. */
  moveNotable(flow: number, target: number): number {
    const list = this.notables.get(flow);
    if (!list) return 0;
    this.notables.delete(flow);
    const there = this.notables.get(target);
    if (there) there.push(...list);
    else this.notables.set(target, list);
    return list.length;
  }

  /** Keeps a record for the verdicts; false when the flow has no room for more. */
  note(r: number, limit: number = NOTABLE_LIMIT): boolean {
    const records = this.records;
    if (records.state[r] & State.notable) return true;
    const flow = records.flow[r];
    const row = this.flow(flow);
    if (this.flows.data[row + NOTABLE] >= limit) return false;
    this.flows.data[row + NOTABLE]++;
    records.state[r] |= State.notable;
    this.flows.data[row + HINTS] |= hintOf(records, r);
    const list = this.notables.get(flow);
    if (list) list.push(r);
    else this.notables.set(flow, [r]);
    return true;
  }

  /** Lets go of the notable records of a flow, if none of them is worth more than its handshake and its end. */
  forgetNotable(flow: number): void {
    const { records } = this;
    if (flow < SAMPLES || (this.records.live < SPARE_RECORDS && this.dormant.isEmpty)) return;
    const list = this.notables.get(flow);
    if (!list?.every((r) => this.isOrdinary(r)) || !this.isUntouched(flow)) return;
    this.notables.delete(flow);
    this.flows.data[this.flow(flow) + NOTABLE] = 0;
    for (const r of list) {
      records.state[r] &= ~State.notable;
      this.settle(r);
    }
  }

  /** The path changed nothing about the flow's packets that a verdict would tell. */
  private isUntouched(flow: number): boolean {
    const s = this.sides.data;
    const d = this.directions.data;
    for (let direction = 0; direction < 2; direction++) {
      const row = this.direction(flow, direction);
      if (CHANGES.some((word) => d[row + word] > 0)) return false;
      const [a, b] = [this.side(flow, direction, 0), this.side(flow, direction, 1)];
      if (SYN_FIELDS.some((word) => s[a + word] !== s[b + word])) return false;
    }
    return true;
  }

  /** Delivered as it was sent, and without a hint of what the application said. */
  private isOrdinary(r: number): boolean {
    const { records } = this;
    const told = records.tlsRecord[r] | records.httpKind[r] | records.dnsFlags[r] | records.dnsType[r];
    return told === 0 && (records.state[r] & ~ORDINARY) === 0 && (records.state[r] & State.matched) !== 0;
  }

  // --- the end of a record

  /** Retires a record that nothing holds any more. */
  settle(r: number): void {
    const records = this.records;
    const state = records.state[r];
    if (!(state & State.matched) || state & (State.notable | State.retired) || records.holds[r] > 0) return;
    records.state[r] |= State.retired;
    const forgotten = this.retired.add(r);
    if (forgotten >= 0) this.records.release(forgotten);
  }
}
