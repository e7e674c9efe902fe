import { Dormant, type Forget } from './dormant.js';
import { FlowRows } from './flow-rows.js';
import { FlowTable } from './flow-table.js';
import { hintOf } from './hints.js';
import { Link, Links, NOWHERE, placeOf, positionOf } from './links.js';
import { Peeks } from './peeks.js';
import { State } from './records.js';
import { Retired } from './retired.js';
import {
  ALTERED,
  ECN_CHANGED,
  HINTS,
  LATE_AT_0,
  LATE_AT_1,
  MSS,
  NOTABLE,
  NOTABLE_HEAD,
  PACKETS,
  PUT_AWAY,
  RECENT,
  RECENT_0,
  RECENT_1,
  RECENT_NEXT_0,
  RECENT_NEXT_1,
  SENDER_TAP,
  SIDE_WORDS,
  SIDES,
  SYN_OPTIONS,
  TOS_CHANGED,
  WAITING,
  WSCALE,
} from './rows.js';

/** Records put away with a flow before those that nobody will ask for any more are left out: its rings hold 16. */
const PARTS_LIMIT = 32;

/** Bits of a record's state that a packet of a connection without any trouble has. */
const ORDINARY = State.matched | State.notable | State.indexed;

/** Up to here there is room for the details of connections without trouble too, unless flows had to be put away; some 8 MB of columns. */
const SPARE_RECORDS = 32_768;

/** The first flows keep their details: what belongs to hosts and not to flows is told from samples. */
const SAMPLES = 64;

/** What a SYN says, per side, and what the path was seen to change, per direction. */
const SYN_FIELDS = [MSS, WSCALE, SYN_OPTIONS] as const;
const CHANGES = [TOS_CHANGED, ECN_CHANGED, ALTERED, LATE_AT_0, LATE_AT_1] as const;

/** Bits of `Link.outline`. */
const Outline = { waits: 1, seenAt0: 2, seenAt1: 4 } as const;

/** Where a direction's sender's tap stands in `Link.outline`, plus one, two bits each. */
const SENDERS = [3, 5] as const;

/** Notable records kept per flow: enough for every handshake, FIN and RST of a flow that anybody reads. */
export const NOTABLE_LIMIT = 256;

/** Flows with their rows, the records alive, and the lists that tie them. Knows nothing about matching. */
export class FlowStore extends FlowRows {
  readonly table = new FlowTable();
  readonly links = new Links();
  readonly dormant = new Dormant(this);
  readonly peeks = new Peeks(this, this.dormant, this.links);
  /** Matched records that nothing holds any more. */
  readonly retired = new Retired(this.records);
  /** Places that no flow has. */
  private readonly free: number[] = [];
  /** Flows that have rows, and how often one got them. */
  openFlows = 0;
  opened = 0;

  /** Offset of the row of what `tap` saw of `direction` of `flow`. */
  side(flow: number, direction: number, tap: number): number {
    return this.sideAt(this.place(flow), direction, tap);
  }

  direction(flow: number, direction: number): number {
    return this.directionAt(this.place(flow), direction);
  }

  flow(flow: number): number {
    return this.rowAt(this.place(flow));
  }

  private place(flow: number): number {
    const place = this.links.get(flow, Link.place);
    return place >= 0 ? place : this.peeks.place(flow);
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
    const left = this.free.pop();
    const place = left ?? this.makePlaces(1);
    this.peeks.forget(flow);
    this.links.set(flow, Link.place, place);
    this.flowAt[place] = flow;
    this.openFlows++;
    this.opened++;
    if (before !== NOWHERE) this.wake(flow, place, positionOf(before));
    else if (left !== undefined) this.blank(place);
  }

  /** Most packets go on where their sender stood, and need none of the records before. */
  private wake(flow: number, place: number, position: number): void {
    if (this.dormant.openRows(position, place)) this.takeOut(flow);
    else if (this.dormant.countAt(place) === 0) this.dormant.dropAt(place);
  }

  /** Puts a flow away for which nothing comes any more; false when too much is going on there. */
  putAway(flow: number, forget: Forget): boolean {
    this.peeks.reserve();
    const place = this.links.get(flow, Link.place);
    if (this.dormant.countAt(place) > PARTS_LIMIT) this.takeOut(flow);
    const outline = this.outlineOf(place);
    const position = this.dormant.pack(place, flow, forget);
    if (position < 0) return false;
    this.links.set(flow, Link.outline, outline);
    this.links.set(flow, Link.place, placeOf(position));
    this.flowAt[place] = -1;
    this.free.push(place);
    this.openFlows--;
    return true;
  }

  /** Makes the records of an open flow that were put away with it, and drops what was written of it. */
  private takeOut(flow: number): void {
    const place = this.links.get(flow, Link.place);
    const { kept, recent, all } = this.dormant.openRecords(place, flow);
    this.dormant.dropAt(place);
    this.setNotable(place, [...kept, ...this.notableAt(place)]);
    for (const tap of [0, 1] as const) {
      const newer = this.recentAt(place, tap);
      const older = recent[tap].slice(Math.max(0, recent[tap].length + newer.length - RECENT));
      this.setRecent(place, tap, [...older, ...newer]);
      for (const r of older) this.records.holds[r]++;
    }
    for (const r of all) this.settle(r);
  }

  /** Makes the records that a flow has put away, if any: whoever reads a ring or list of it wants all that belongs there. */
  summon(flow: number): void {
    const place = this.links.get(flow, Link.place);
    if (place < 0) this.peeks.openRecords(flow);
    else if (this.flows.data[this.rowAt(place) + PUT_AWAY] >= 0) this.takeOut(flow);
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
    for (let i = 0; i < SIDES; i++) {
      const side = this.sideAt(place, 0, 0) + i * SIDE_WORDS;
      if (s[side + WAITING] > 0) outline |= Outline.waits;
      if (s[side + PACKETS] > 0) outline |= (i & 1) === 0 ? Outline.seenAt0 : Outline.seenAt1;
    }
    for (const direction of [0, 1] as const) {
      const sender = this.directions.data[this.directionAt(place, direction) + SENDER_TAP];
      outline |= (sender + 1) << SENDERS[direction];
    }
    return outline;
  }

  /** Moves what was put away together where much of it was taken out again. */
  tidy(): void {
    this.dormant.tidy((move) => {
      for (let flow = 0; flow < this.table.count; flow++) {
        const place = this.links.get(flow, Link.place);
        if (place < NOWHERE) this.links.set(flow, Link.place, placeOf(move(positionOf(place))));
        else if (place >= 0) this.moveParts(this.rowAt(place) + PUT_AWAY, move);
      }
    });
  }

  private moveParts(word: number, move: (position: number) => number): void {
    const position = this.flows.data[word];
    if (position >= 0) this.flows.data[word] = move(position);
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
    return this.recentAt(this.place(flow), tap);
  }

  private unhold(r: number): void {
    this.records.holds[r]--;
    this.settle(r);
  }

  /** Lets go of the recent records of a flow that ended well. */
  forgetRecent(flow: number): void {
    this.summon(flow);
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
    return this.notableAt(this.place(flow));
  }

  /** Changes whenever the numbers of a flow's records do: what was read of them by number holds only as long. */
  residence(flow: number): number {
    return this.links.get(flow, Link.place) >= 0 ? -1 : this.peeks.serialOf(flow);
  }

  /** Gives a flow's notable records to another flow; returns how many. Their own `flow` is the caller's to set. */
  moveNotable(flow: number, target: number): number {
    const list = this.notable(flow);
    this.setNotable(this.place(flow), []);
    for (const r of list) this.addNotable(this.flow(target), r);
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
    this.addNotable(row, r);
    return true;
  }

  /** Lets go of the notable records of a flow, if none of them is worth more than its handshake and its end. */
  forgetNotable(flow: number): void {
    const { records } = this;
    if (flow < SAMPLES || (this.records.live < SPARE_RECORDS && this.dormant.isEmpty)) return;
    this.summon(flow);
    const row = this.flow(flow);
    const head = this.flows.data[row + NOTABLE_HEAD];
    for (let r = head; r >= 0; r = records.nextNotable[r]) if (!this.isOrdinary(r)) return;
    if (head < 0 || !this.isUntouched(flow)) return;
    this.setNotable(this.place(flow), []);
    this.flows.data[row + NOTABLE] = 0;
    for (let r = head, next = -1; r >= 0; r = next) {
      next = records.nextNotable[r];
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
      for (const word of CHANGES) if (d[row + word] > 0) return false;
      const near = this.side(flow, direction, 0);
      const far = this.side(flow, direction, 1);
      for (const word of SYN_FIELDS) if (s[near + word] !== s[far + word]) return false;
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
