import type { Forget } from './dormant.js';
import * as Row from './rows.js';
import type { FlowStore } from './store.js';

/** With fewer flows open nothing is put away: some 12 MB of rows and records. */
const AT_EASE = 4096;

/**
 * With this many flows open, or this many records alive, flows get no patience at all: some 300 MB of rows, 400
 * MB of records.
 */
const CROWDED_FLOWS = 131_072;
const CROWDED_RECORDS = 2_097_152;

/**
 * How long a flow must be quiet, ns. One that closed at both ends: until its last ACK had time to pass. One of a
 * single packet: longer than nearly any round trip, after which an answer is unlikely (a scan has millions of
 * these). Any other may only be pausing.
 */
const CLOSED_NS = 20_000_000;
const LONE_NS = 250_000_000;
const PAUSE_NS = 3_000_000_000;

/**
 * Places examined for each flow that got rows, so that flows are put away as fast as they come if one in four is
 * quiet; and for each packet, so that every place gets its turn. Few, because each look costs a cache miss.
 */
const PLACES_PER_FLOW = 4;
const PLACES_PER_PACKET = 1 / 8;

/**
 * Goes round the flows that have rows, and puts away those that have been quiet for long by the clocks of their
 * own taps; the more are open, the sooner. A packet that comes later brings its flow back.
 */
export class Sweep {
  private readonly store: FlowStore;
  private readonly forget: Forget;
  private hand = 0;
  private owed = 0;
  private opened = 0;
  /** Flows that may be open before any is put away; how patient the sweep is beyond that, 1 being the usual. */
  atEase = AT_EASE;
  patience = 1;
  placesPerPacket = PLACES_PER_PACKET;

  constructor(store: FlowStore, forget: Forget) {
    this.store = store;
    this.forget = forget;
  }

  /**
   * To be called after every `packets` packets. `latest`: time of the newest packet at each tap, NaN before the
   * first.
   */
  run(packets: number, latest: readonly [number, number]): void {
    const { store } = this;
    if (store.openFlows <= this.atEase) return;
    const crowd = Math.max(store.openFlows / CROWDED_FLOWS, store.records.live / CROWDED_RECORDS);
    const patience = this.patience * Math.max(0, 1 - crowd);
    this.owed += packets * this.placesPerPacket + (store.opened - this.opened) * PLACES_PER_FLOW;
    this.owed = Math.min(this.owed, store.flowAt.length);
    this.opened = store.opened;
    for (; this.owed >= 1 && store.openFlows > this.atEase; this.owed--) {
      this.hand = (this.hand + 1) % store.flowAt.length;
      const flow = store.flowAt[this.hand] as number;
      if (flow >= 0 && this.isQuiet(flow, latest, patience)) store.putAway(flow, this.forget);
    }
    store.tidy();
  }

  private isQuiet(flow: number, latest: readonly [number, number], patience: number): boolean {
    const f = this.store.flows.data;
    const row = this.store.flow(flow);
    const [pause0, pause1] = [latest[0] - f[row + Row.LAST_SEEN_0], latest[1] - f[row + Row.LAST_SEEN_1]];
    const pause = Math.min(
      Number.isNaN(pause0) ? Number.POSITIVE_INFINITY : pause0,
      Number.isNaN(pause1) ? Number.POSITIVE_INFINITY : pause1,
    );
    if (pause < CLOSED_NS * patience) return false;
    if (pause >= PAUSE_NS * patience || this.isClosed(flow)) return true;
    return pause >= LONE_NS * patience && this.isLone(flow);
  }

  /** No tap saw more than one packet of it. */
  private isLone(flow: number): boolean {
    const s = this.store.sides.data;
    const first = this.store.side(flow, 0, 0) + Row.PACKETS;
    const packets = (i: number) => s[first + i * Row.SIDE_WORDS];
    return packets(0) + packets(2) <= 1 && packets(1) + packets(3) <= 1;
  }

  private isClosed(flow: number): boolean {
    const s = this.store.sides.data;
    for (let direction = 0; direction < 2; direction++)
      for (let tap = 0; tap < 2; tap++)
        if (Number.isNaN(s[this.store.side(flow, direction, tap) + Row.FIN_END])) return false;
    return true;
  }
}
