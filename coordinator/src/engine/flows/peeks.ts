import type { Dormant } from './dormant.js';
import type { FlowRows } from './flow-rows.js';
import { Link, type Links, positionOf } from './links.js';

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
  private readonly rows: FlowRows;
  private readonly dormant: Dormant;
  private readonly links: Links;
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

  constructor(rows: FlowRows, dormant: Dormant, links: Links) {
    this.rows = rows;
    this.dormant = dormant;
    this.links = links;
  }

  reserve(): void {
    if (this.first < 0) this.first = this.rows.makePlaces(PEEKS);
  }

  /** Place of the rows of a flow that was put away. */
  place(flow: number): number {
    if (flow === this.latest) return this.latestPlace;
    const slot = this.slots.get(flow);
    return slot === undefined ? this.open(flow) : this.remember(flow, slot);
  }

  /** Makes the flow's records, too. */
  openRecords(flow: number): void {
    const place = this.place(flow);
    const slot = place - this.first;
    if (this.records[slot] !== null) return;
    const { kept, recent, all } = this.dormant.openRecords(place, flow);
    this.records[slot] = all;
    this.serials[slot] = ++this.serial;
    this.rows.setNotable(place, kept);
    for (const tap of [0, 1] as const) this.rows.setRecent(place, tap, recent[tap]);
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

  private open(flow: number): number {
    const slot = this.vacate();
    this.slots.set(flow, slot);
    this.flows[slot] = flow;
    const place = this.remember(flow, slot);
    // Rows tell what waits.
    if (this.dormant.openRows(positionOf(this.links.get(flow, Link.place)), place)) this.openRecords(flow);
    return place;
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
    for (const r of this.records[slot] ?? []) this.rows.records.release(r);
    this.records[slot] = null;
    this.flows[slot] = -1;
    this.slots.delete(flow);
    if (this.latest === flow) this.latest = -1;
  }
}
