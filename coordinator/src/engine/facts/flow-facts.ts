import type { Endpoint } from '@bothends/proto';
import { flowId } from '../flow-id.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake.js';
import type { Tap, Vouching } from '../taps.js';
import { vouch, vouchSilence } from '../taps.js';
import { collectPackets } from './collect.js';
import { vouchInOrder } from './in-order.js';
import type { Orientation } from './orientation.js';
import type { Packet, Sighting, Toward } from './packet.js';
import type { ProxiedPair } from './proxies.js';
import type { Witness } from './witness.js';

/** What all rules share about the capture as a whole. */
export interface CaptureFacts {
  intake: Intake;
  taps: readonly [Tap, Tap];
  orientation: Orientation;
  witness: Witness;
  vouchComplete: boolean;
  /** Tap at the end that most flows' clients are at. */
  clientTap: 0 | 1;
  port: number | null;
  /** Requests that pass from one connection to another between the taps. */
  proxied: readonly ProxiedPair[];
}

export const BOTH_WAYS: readonly Toward[] = ['toward-server', 'toward-client'];

export function opposite(toward: Toward): Toward {
  return toward === 'toward-server' ? 'toward-client' : 'toward-server';
}

/** How much passed on a flow, and when. */
export interface Volume {
  /** What the tap that saw more of each direction saw: packets, and bytes of payload. */
  readonly packets: number;
  readonly bytes: number;
  /** First and last packet at the client's tap, on its clock, ns; infinite where it saw none. */
  readonly first: number;
  readonly last: number;
  /** Answers seen at the client's tap: one for each request that got one. */
  readonly answers: number;
}

/** What the packets of one flow say, computed once and read by the rules. */
export class FlowFacts {
  readonly flow: number;
  readonly protocol: 'tcp' | 'udp';
  /** The end that opened the flow, and the other, as the client's tap saw them. */
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly serverView: { client: Endpoint; server: Endpoint } | null;
  /** Tap at the client's end. */
  readonly clientTap: 0 | 1;
  readonly capture: CaptureFacts;
  /** Whether the tap that saw nothing of it should have; `yes` for flows seen at both. */
  readonly belongs: 'yes' | 'no' | 'unknown';
  /** Short and stable: the same flow has the same id in every analysis of the same evidence. */
  id = '';
  /** When it began, on tap 0's clock. */
  readonly startedAt: number;
  /** Packets of this flow found at both taps: the positive control for claims about either. */
  readonly matched: number;
  /** Longest idle gap whose next packet was delivered, ns. */
  readonly survived: number;
  /** Something of it did not get through, so far. */
  readonly someWait: boolean;
  readonly volume: Volume;
  private readonly seenAt0: number;
  private readonly seenAt1: number;
  private readonly clientDirection: 0 | 1;
  private collected: Packet[] | null = null;
  /** The store's residence of the flow when they were collected. */
  private collectedIn = 0;

  constructor(capture: CaptureFacts, flow: number) {
    const { intake, orientation } = capture;
    this.capture = capture;
    this.flow = flow;
    this.protocol = intake.store.table.protocol(flow) === 6 ? 'tcp' : 'udp';
    this.clientDirection = orientation.clientDirection(flow);
    this.clientTap = orientation.senderTap(flow, this.clientDirection);
    const views = tupleViews(intake, flow, this.clientDirection);
    const own =
      views[this.clientTap] ?? views[1 - this.clientTap] ?? endpoints(intake, flow, this.clientDirection);
    const other = views[1 - this.clientTap];
    this.client = own.client;
    this.server = own.server;
    this.serverView = other && !sameEnds(own, other) ? other : null;
    this.seenAt0 = this.total(0, Row.PACKETS);
    this.seenAt1 = this.total(1, Row.PACKETS);
    this.matched = BOTH_WAYS.reduce((sum, toward) => sum + this.path(toward, Row.PAIRS), 0);
    this.survived = this.flowWord(Row.SURVIVED);
    this.someWait = intake.store.someWaits(flow);
    this.volume = this.measure();
    this.startedAt = this.beginning();
    const unseen = this.seenAt(0) === 0 ? 0 : this.seenAt(1) === 0 ? 1 : null;
    this.belongs = unseen === null ? 'yes' : orientation.belongs(flow, (1 - unseen) as 0 | 1);
  }

  /** Names the flow after its ends; a number tells connections apart that reuse a tuple. */
  giveId(taken: Set<string>): void {
    const base = flowId(this.protocol, this.client, this.server);
    let id = base;
    for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
    taken.add(id);
    this.id = id;
  }

  /** Packets still known one by one: handshake, ends, whatever got lost, and the recent ones; oldest first. */
  get packets(): readonly Packet[] {
    const { store } = this.capture.intake;
    if (!this.collected || this.collectedIn !== store.residence(this.flow)) {
      const senderTaps: [0 | 1, 0 | 1] =
        this.clientDirection === 0
          ? [this.clientTap, (1 - this.clientTap) as 0 | 1]
          : [(1 - this.clientTap) as 0 | 1, this.clientTap];
      const { intake, witness } = this.capture;
      this.collected = collectPackets(intake, witness, this.flow, this.clientDirection, senderTaps);
      this.collectedIn = store.residence(this.flow);
      vouchInOrder(this, this.collected);
    }
    return this.collected;
  }

  /** Lets go of the packets until they are asked for again: those of all flows together are many times the flows. */
  forgetPackets(): void {
    this.collected = null;
  }

  direction(toward: Toward): 0 | 1 {
    return toward === 'toward-server' ? this.clientDirection : ((1 - this.clientDirection) as 0 | 1);
  }

  senderTap(toward: Toward): 0 | 1 {
    return toward === 'toward-server' ? this.clientTap : ((1 - this.clientTap) as 0 | 1);
  }

  receiverTap(toward: Toward): 0 | 1 {
    return (1 - this.senderTap(toward)) as 0 | 1;
  }

  /** A word of what the sender's tap saw of a direction. */
  sent(toward: Toward, word: number): number {
    return this.side(toward, this.senderTap(toward), word);
  }

  /** A word of what the receiver's tap saw of a direction. */
  received(toward: Toward, word: number): number {
    return this.side(toward, this.receiverTap(toward), word);
  }

  /** A word that belongs to the direction as a whole. */
  path(toward: Toward, word: number): number {
    const { store } = this.capture.intake;
    return store.directions.data[store.direction(this.flow, this.direction(toward)) + word];
  }

  flowWord(word: number): number {
    const { store } = this.capture.intake;
    return store.flows.data[store.flow(this.flow) + word];
  }

  /** First sequence number of a direction at a tap (the ISN after a SYN), null where none was seen. */
  sequenceBase(toward: Toward, tap: 0 | 1): number | null {
    const base = this.side(toward, tap, Row.SEQ_BASE);
    return base < 0 ? null : base;
  }

  private side(toward: Toward, tap: number, word: number): number {
    const { store } = this.capture.intake;
    return store.sides.data[store.side(this.flow, this.direction(toward), tap) + word];
  }

  /** Packets of both directions that a tap saw. */
  seenAt(tap: number): number {
    return tap === 0 ? this.seenAt0 : this.seenAt1;
  }

  private total(tap: number, word: number): number {
    return this.side('toward-server', tap, word) + this.side('toward-client', tap, word);
  }

  private most(word: number): number {
    return BOTH_WAYS.reduce(
      (sum, way) => sum + Math.max(this.side(way, 0, word), this.side(way, 1, word)),
      0,
    );
  }

  private measure(): Volume {
    const [packets, bytes] = [this.most(Row.PACKETS), this.most(Row.BYTES)];
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const toward of BOTH_WAYS) {
      if (this.side(toward, this.clientTap, Row.PACKETS) === 0) continue;
      first = Math.min(first, this.side(toward, this.clientTap, Row.FIRST_TIME));
      last = Math.max(last, this.side(toward, this.clientTap, Row.LAST_TIME));
    }
    return { packets, bytes, first, last, answers: this.received('toward-client', Row.TURNS) };
  }

  private beginning(): number {
    const { timeline } = this.capture.intake;
    let first = Number.POSITIVE_INFINITY;
    for (const toward of BOTH_WAYS) {
      for (const tap of [0, 1] as const) {
        const time = this.side(toward, tap, Row.FIRST_TIME);
        if (!Number.isNaN(time)) first = Math.min(first, timeline.common(tap, time));
      }
    }
    return first;
  }

  /** What a tap vouches for around a time of its own clock. */
  vouch(tap: 0 | 1, from: number, to: number): Vouching {
    return vouch(this.capture.taps[tap], from, to, this.capture.vouchComplete);
  }

  /** What a tap vouches for about the silence of its own host. */
  vouchSilence(tap: 0 | 1, from: number, to: number): Vouching {
    return vouchSilence(this.capture.taps[tap], from, to, this.capture.vouchComplete);
  }

  /** Whether `a` happened before `b` for certain. One tap's own order is that of its packets: its clock may be set back. */
  isBefore(a: Sighting, b: Sighting): boolean {
    if (a.tap === b.tap) return a.number < b.number;
    return this.capture.intake.timeline.order(a.tap, a.time, b.tap, b.time) === 'before';
  }

  /** Fastest way from one tap to the other and back that the packets show, ns; null where unknown. */
  get roundTrip(): number | null {
    const { timeline } = this.capture.intake;
    const corridors = timeline.clock().lines.flatMap((line) => (line ? [line.error * 2] : []));
    return corridors.length > 0 ? Math.min(...corridors) : null;
  }
}

function endpoints(
  intake: Intake,
  flow: number,
  clientDirection: 0 | 1,
): { client: Endpoint; server: Endpoint } {
  const end = (endpoint: number): Endpoint => ({
    address: intake.address(flow, endpoint),
    port: intake.store.table.port(flow, endpoint),
  });
  return { client: end(clientDirection), server: end(1 - clientDirection) };
}

/** The tuple by which each tap knows the flow; undefined for a tap that knows it by none. */
function tupleViews(
  intake: Intake,
  flow: number,
  clientDirection: 0 | 1,
): ({ client: Endpoint; server: Endpoint } | undefined)[] {
  const own = endpoints(intake, flow, clientDirection);
  const alias = intake.joiner.aliasOf(flow);
  if (!alias) return [own, own];
  const direction = alias.swapped ? ((1 - clientDirection) as 0 | 1) : clientDirection;
  const views = [own, own];
  views[alias.tap] = endpoints(intake, alias.flow, direction);
  return views;
}

function sameEnds(
  a: { client: Endpoint; server: Endpoint },
  b: { client: Endpoint; server: Endpoint },
): boolean {
  return (
    a.client.address === b.client.address &&
    a.client.port === b.client.port &&
    a.server.address === b.server.address &&
    a.server.port === b.server.port
  );
}
