import type { Dormant } from './dormant.js';
import { Link } from './links.js';
import type { FlowStore } from './store.js';

/**
 * Flows put away that can be looked at at a time. A verdict looks at one flow, and at few others beside it; those that
 * compare flows take samples of up to 64.
 */
const PEEKS = 128;

/**
 * Lets flows that were put away be read, as a report does with all of them: the last few that were asked for have rows,
 * and records where those were asked for. Nothing written there lasts.
 */
export class Peeks {
  private readonly store: FlowStore;
  private readonly dormant: Dormant;
  /** First of the places set aside; they exist before anything is put away, so that reading moves no rows. */
  private first = -1;
  private readonly flows = new Int32Array(PEEKS).fill(-1);
  private readonly records: (number[] | null)[] = new Array(PEEKS).fill(null);
  private readonly slots = new Map<number, number>();
  private next = 0;
  /** By slot: changes whenever records are made there. */
  private readonly serials = new Float64Array(PEEKS);
  private serial = 0;
  private latest = -1;
  private latestPlace = -1;
  /** The flow that is being judged stays, whatever else is looked at; -1: none. */
  pinned = -1;

  constructor(store: FlowStore, dormant: Dormant) {
    this.store = store;
    this.dormant = dormant;
  }

  reserve(): void {
    if (this.first < 0) this.first = this.store.makePlaces(PEEKS);
  }

  /** Place of the rows of a flow that was put away. */
  place(flow: number): number {
    if (flow === this.latest) return this.latestPlace;
    const slot = this.slots.get(flow);
    if (slot === undefined) return this.open(flow);
    return this.remember(flow, slot);
  }

  /** Makes the flow's records, too. */
  open(flow: number, records = false): number {
    const slot = this.slots.get(flow) ?? this.vacate();
    this.slots.set(flow, slot);
    this.flows[slot] = flow;
    const place = this.remember(flow, slot);
    if (this.records[slot] === null) {
      this.records[slot] = this.dormant.unpack(this.positionOf(flow), flow, records);
      this.serials[slot] = ++this.serial;
    }
    return place;
  }

  hasRecords(flow: number): boolean {
    const slot = this.slots.get(flow);
    return slot !== undefined && this.records[slot] !== null;
  }

  /** Changes whenever the numbers of the flow's records do; 0: they are not here. */
  serialOf(flow: number): number {
    const slot = this.slots.get(flow);
    return slot === undefined || this.records[slot] === null ? 0 : (this.serials[slot] as number);
  }

  /** Lets go of one flow that is looked at, or of all. */
  forget(flow: number): void {
    const slot = this.slots.get(flow);
    if (slot !== undefined) this.close(slot);
  }

  rest(): void {
    if (this.slots.size === 0) return;
    for (let slot = 0; slot < PEEKS; slot++) if (this.flows[slot] >= 0) this.close(slot);
  }

  private positionOf(flow: number): number {
    return -2 - this.store.links.get(flow, Link.place);
  }

  private remember(flow: number, slot: number): number {
    this.latest = flow;
    this.latestPlace = this.first + slot;
    return this.latestPlace;
  }

  private vacate(): number {
    let slot = this.next;
    if (this.flows[slot] >= 0 && this.flows[slot] === this.pinned) slot = (slot + 1) % PEEKS;
    this.next = (slot + 1) % PEEKS;
    if (this.flows[slot] >= 0) this.close(slot);
    return slot;
  }

  private close(slot: number): void {
    const flow = this.flows[slot] as number;
    for (const r of this.records[slot] ?? []) this.store.records.release(r);
    if (this.records[slot] !== null) this.store.setNotable(flow, []);
    this.records[slot] = null;
    this.flows[slot] = -1;
    this.slots.delete(flow);
    if (this.latest === flow) this.latest = -1;
  }
}
