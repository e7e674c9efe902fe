import type { Endpoint } from '@bothends/proto';
import { idNumber, idOf } from '../flow-id.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { Tap, Vouching } from '../taps.js';
import { vouch, vouchSilence } from '../taps.js';
import { collectPackets, longestIdle } from './collect.js';
import { vouchInOrder } from './in-order.js';
import type { Orientation } from './orientation.js';
import type { Packet, Sighting, Toward } from './packet.js';
import type { ProxiedPair } from './proxies.js';
import { type Services, serviceOf } from './services.js';
import { Total, type Totals } from './totals.js';
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
  /** Hosts and services of the flows, and what is counted of each flow. */
  services: Services;
  totals: Totals;
  /** By tap: connections that nobody answered, to hosts that the other tap is not at; they are not judged. */
  strayAttempts: [number, number];
}

export const BOTH_WAYS: readonly Toward[] = ['toward-server', 'toward-client'];

export function opposite(toward: Toward): Toward {
  return toward === 'toward-server' ? 'toward-client' : 'toward-server';
}

/** The two ends of a flow. */
interface Ends {
  readonly client: Endpoint;
  readonly server: Endpoint;
}

/** What the packets of one flow say, computed once and read by the rules. */
export class FlowFacts {
  readonly flow: number;
  readonly protocol: 'tcp' | 'udp';
  /** The end that opened the flow, and the other, as the client's tap saw them. */
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly serverView: Ends | null;
  /** Number of the pair of hosts, by all addresses that the taps know them by (see Services). */
  readonly hosts: number;
  /** Tap at the client's end. */
  readonly clientTap: 0 | 1;
  readonly capture: CaptureFacts;
  /** Whether the tap that saw nothing of it should have; `yes` for flows seen at both. */
  readonly belongs: 'yes' | 'no' | 'unknown';
  /** Something of it did not get through, so far. */
  readonly someWait: boolean;
  private readonly totals: number;
  private readonly clientDirection: 0 | 1;
  /** Its id as a number, and which of the flows that share this id it is. */
  private idNumber = 0;
  private namesake = 1;
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
    const [own, other] = tupleViews(capture, flow, this.clientDirection, this.clientTap);
    this.client = own.client;
    this.server = own.server;
    this.serverView = other;
    this.hosts = hostsOf(capture.services, own, other);
    const { store } = intake;
    const s = store.sides.data;
    const side = store.side(flow, 0, 0);
    this.someWait = store.someWaits(flow);
    this.totals = capture.totals.add();
    this.measure(s, side);
    const unseen = this.seenAt(0) === 0 ? 0 : this.seenAt(1) === 0 ? 1 : null;
    this.belongs = unseen === null ? 'yes' : orientation.belongs(flow, (1 - unseen) as 0 | 1);
  }

  /** Short and stable: the same flow has the same id in every analysis of the same evidence. */
  get id(): string {
    const base = idOf(this.idNumber);
    return this.namesake === 1 ? base : `${base}-${this.namesake}`;
  }

  /** Names the flow after its ends; a number tells connections apart that reuse a tuple. `taken`: flows by number of the id. */
  giveId(taken: Map<number, number>): void {
    this.idNumber = idNumber(this.protocol, this.client, this.server);
    this.namesake = (taken.get(this.idNumber) ?? 0) + 1;
    taken.set(this.idNumber, this.namesake);
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

  /** The longest pause before any of the packets, ns; told without making packets of them all. */
  get longestIdle(): number {
    return longestIdle(this.capture.intake, this.flow);
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
    return this.total(tap === 0 ? Total.seenAt0 : Total.seenAt1);
  }

  /** When it began, on tap 0's clock. */
  get startedAt(): number {
    return this.total(Total.startedAt);
  }

  /** Packets of this flow found at both taps: the positive control for claims about either. */
  get matched(): number {
    return this.total(Total.matched);
  }

  /** Longest idle gap whose next packet was delivered, ns. */
  get survived(): number {
    return this.total(Total.survived);
  }

  /** Number of the service that the client asked. */
  get service(): number {
    return serviceOf(this.hosts, this.server.port);
  }

  /** What is counted of the flow: a word of Total. */
  total(word: number): number {
    return this.capture.totals.get(this.totals, word);
  }

  /** Notes the totals; the first of the flow's four sides is at `first`. */
  private measure(s: Float64Array, first: number): void {
    const { totals, intake } = this.capture;
    let [packets, bytes, startedAt] = [0, 0, Number.POSITIVE_INFINITY];
    let [begin, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let direction = 0; direction < Row.DIRECTIONS; direction++) {
      const at0 = first + 2 * direction * Row.SIDE_WORDS;
      const at1 = at0 + Row.SIDE_WORDS;
      packets += Math.max(s[at0 + Row.PACKETS], s[at1 + Row.PACKETS]);
      bytes += Math.max(s[at0 + Row.BYTES], s[at1 + Row.BYTES]);
      const client = this.clientTap === 0 ? at0 : at1;
      if (s[client + Row.PACKETS] > 0) {
        begin = Math.min(begin, s[client + Row.FIRST_TIME]);
        end = Math.max(end, s[client + Row.LAST_TIME]);
      }
      if (!Number.isNaN(s[at0 + Row.FIRST_TIME])) startedAt = Math.min(startedAt, s[at0 + Row.FIRST_TIME]);
      const there = s[at1 + Row.FIRST_TIME];
      if (!Number.isNaN(there)) startedAt = Math.min(startedAt, intake.timeline.common(1, there));
    }
    totals.set(this.totals, Total.startedAt, startedAt);
    const pairs = this.path('toward-server', Row.PAIRS) + this.path('toward-client', Row.PAIRS);
    totals.set(this.totals, Total.matched, pairs);
    const seen = (i: number) => s[first + i * Row.SIDE_WORDS + Row.PACKETS];
    totals.set(this.totals, Total.seenAt0, seen(0) + seen(2));
    totals.set(this.totals, Total.seenAt1, seen(1) + seen(3));
    totals.set(this.totals, Total.survived, this.flowWord(Row.SURVIVED));
    totals.set(this.totals, Total.packets, packets);
    totals.set(this.totals, Total.bytes, bytes);
    totals.set(this.totals, Total.first, begin);
    totals.set(this.totals, Total.last, end);
    totals.set(this.totals, Total.answers, this.received('toward-client', Row.TURNS));
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
    return this.capture.intake.timeline.clock().roundTrip;
  }
}

function endsOf({ intake, services }: CaptureFacts, flow: number, clientDirection: 0 | 1): Ends {
  const { table } = intake.store;
  const there = 1 - clientDirection;
  const client = { address: intake.address(flow, clientDirection), port: table.port(flow, clientDirection) };
  const server = intake.address(flow, there);
  const pair = services.pair(client.address, server);
  return { client, server: services.serverOf(pair, server, table.port(flow, there)) };
}

/** The ends as the client's tap knows them, and as the other one does where it knows them by others; null: it does not. */
function tupleViews(
  capture: CaptureFacts,
  flow: number,
  clientDirection: 0 | 1,
  clientTap: 0 | 1,
): readonly [Ends, Ends | null] {
  const own = endsOf(capture, flow, clientDirection);
  const alias = capture.intake.joiner.aliasOf(flow);
  if (!alias) return [own, null];
  const direction = alias.swapped ? ((1 - clientDirection) as 0 | 1) : clientDirection;
  const other = endsOf(capture, alias.flow, direction);
  if (sameEnds(own, other)) return [own, null];
  return alias.tap === clientTap ? [other, own] : [own, other];
}

/** The pair of hosts that a flow is of, by both their names where addresses are translated. */
function hostsOf(services: Services, own: Ends, other: Ends | null): number {
  const pair = services.pair(own.client.address, own.server.address);
  if (other === null) return pair;
  return services.pair(`${pair}`, `${services.pair(other.client.address, other.server.address)}`);
}

function sameEnds(a: Ends, b: Ends): boolean {
  return (
    a.client.address === b.client.address &&
    a.client.port === b.client.port &&
    a.server.address === b.server.address &&
    a.server.port === b.server.port
  );
}
