import { type PacketTable, Tcp } from '@bothends/proto';
import { Link } from '../flows/links.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';

/**
 * Tells connections apart that use the same tuple one after the other. A SYN with a new initial sequence
 * number on a connection that this tap saw end begins a new flow; on one that it did not see end it belongs
 * to the old flow, because that is exactly the trouble a verdict is about (port reuse).
 */
export class TupleReuse {
  private readonly store: FlowStore;

  constructor(store: FlowStore) {
    this.store = store;
  }

  /** The flow that the packet belongs to, `flow` being the first one of its tuple; -1 when it begins one too many. */
  current(flow: number, direction: number, tap: number, table: PacketTable, row: number): number {
    const link = tap === 0 ? Link.current0 : Link.current1;
    const now = this.store.links.get(flow, link);
    const current = now < 0 ? flow : now;
    if ((table.tcpFlags[row] & (Tcp.syn | Tcp.ack)) !== Tcp.syn || table.protocol[row] !== 6) return current;
    const isn = table.sequence[row];
    const side = this.store.side(current, direction, tap);
    const known = this.store.sides.data[side + Row.SEQ_BASE];
    const born = this.bornElsewhere(current, direction, tap, isn);
    // A tap that missed earlier connections of the tuple joins the others at the one that it saw.
    const begins = this.isEmpty(current, tap) || this.isOpening(current, 1 - direction, tap, isn);
    const fits = known < 0 ? begins && born === null : known === isn || !this.isOver(current, tap);
    if (fits || this.isThere(current, direction, 1 - tap, isn)) return current;
    const next = born ?? this.begin(current);
    if (next >= 0) this.store.links.set(flow, link, next);
    return next;
  }

  /** Whether either tap saw the tuple of a flow used for another connection, too. */
  isReused(flow: number): boolean {
    return this.later(flow) >= 0 || this.store.links.get(flow, Link.previous) >= 0;
  }

  private isEmpty(flow: number, tap: number): boolean {
    const s = this.store.sides.data;
    return (
      s[this.store.side(flow, 0, tap) + Row.PACKETS] + s[this.store.side(flow, 1, tap) + Row.PACKETS] === 0
    );
  }

  /**
   * Whether a SYN belongs to the opening of this flow: only a SYN has gone the other way, unanswered, so both
   * ends open at once (RFC 9293, 3.5); or the other end has acknowledged a SYN with this number, which the tap
   * missed and which now comes again.
   */
  private isOpening(flow: number, direction: number, tap: number, isn: number): boolean {
    const s = this.store.sides.data;
    const side = this.store.side(flow, direction, tap);
    if (s[side + Row.PACKETS] > 0 && s[side + Row.LAST_ACK] === (isn + 1) >>> 0) return true;
    return s[side + Row.SYN_OPTIONS] >= 0 && s[side + Row.SEQ_END] === 1 && s[side + Row.LAST_ACK] < 0;
  }

  private isOver(flow: number, tap: number): boolean {
    const s = this.store.sides.data;
    if (this.store.flows.data[this.store.flow(flow) + (tap === 0 ? Row.RESETS_0 : Row.RESETS_1)] > 0)
      return true;
    for (let direction = 0; direction < 2; direction++) {
      if (!Number.isNaN(s[this.store.side(flow, direction, tap) + Row.FIN_END])) return true;
    }
    return false;
  }

  /** The flow that the other tap began for the same SYN already. */
  private bornElsewhere(current: number, direction: number, tap: number, isn: number): number | null {
    const s = this.store.sides.data;
    for (let later = this.later(current); later >= 0; later = this.later(later)) {
      if (s[this.store.side(later, direction, 1 - tap) + Row.SEQ_BASE] === isn) return later;
      if (this.store.links.get(later, Link.previous) < 0) return null;
    }
    return null;
  }

  /**
   * The other tap, which missed the end of the connection, took the same SYN for part of it: both sightings stay
   * together.
   */
  private isThere(flow: number, direction: number, tap: number, isn: number): boolean {
    const side = this.store.side(flow, direction, tap);
    return (
      this.store.sides.data[side + Row.SEQ_BASE] === isn && this.store.sides.data[side + Row.SYN_OPTIONS] >= 0
    );
  }

  private readonly successors = new Map<number, number>();

  private later(flow: number): number {
    return this.successors.get(flow) ?? -1;
  }

  private begin(current: number): number {
    let last = current;
    for (let later = this.later(last); later >= 0; later = this.later(last)) last = later;
    // The other tap may have begun a successor whose SYN this tap missed: only a fresh flow is safe.
    const next = this.store.table.again(current);
    if (next < 0) return next;
    this.store.ensure(next);
    this.store.links.set(next, Link.previous, last);
    this.successors.set(last, next);
    return next;
  }
}
