import type { Forget } from './dormant.js';
import * as Row from './rows.js';
import type { FlowStore } from './store.js';

/** With fewer flows open nothing is put away: some 12 MB of rows and records. */
const AT_EASE = 4096;

/** Flows that may be open, and records of packets, before none of them is given any time: some 300 MB, and 400. */
const CROWDED_FLOWS = 131_072;
const CROWDED_RECORDS = 2_097_152;

/**
 * A connection that closed at both ends is done when its last ACK had time to pass. A single packet that was not answered
 * within a round trip of nearly any kind hardly will be (a scan has millions). Any other flow may only be pausing.
 */
const CLOSED_NS = 20_000_000;
const LONE_NS = 250_000_000;
const PAUSE_NS = 3_000_000_000;

/**
 * Places looked at for each flow that got rows, so that flows are put away as fast as they come, where one in four is quiet;
 * and for each packet, so that all are looked at in turn: a look costs a cache miss.
 */
const PLACES_PER_FLOW = 4;
const PLACES_PER_PACKET = 1 / 8;

/**
 * Goes round the flows that have rows and puts those away that have been quiet for long: by their taps' own clocks, and
 * the sooner the more are open. What comes for them later takes them out again.
 */
export class Sweep {
  private readonly store: FlowStore;
  private readonly forget: Forget;
  private hand = 0;
  private owed = 0;
  private opened = 0;
  /** Flows that may be open without any being put away, and patience beyond, as a share of what is usual. */
  atEase = AT_EASE;
  patience = 1;
  placesPerPacket = PLACES_PER_PACKET;

  constructor(store: FlowStore, forget: Forget) {
    this.store = store;
    this.forget = forget;
  }

  /** After `packets` more; `latest` is the time of the newest packet at each tap, NaN before the first. */
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
