import { parseAddress } from '@bothends/proto';
import type { FlowTable } from '../flows/flow-table.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { Tap } from '../taps.js';
import { INITIAL_TTLS } from './hops.js';

/** The other tuple of a flow, as the joiner knows it. */
type Alias = NonNullable<ReturnType<Intake['joiner']['aliasOf']>>;

/** How much each hint about whose end a tap is at counts; a decisive one outweighs all weaker ones together. */
const WEIGHT = { addresses: 64, outgoing: 32, hosts: 16, ttlDifference: 8, initialTtl: 2 } as const;

/**
 * Says at which tap a direction of a flow enters the path. Packets matched both ways prove it (see
 * PairObserver); where a direction is dead, what other flows of the same hosts proved, the kernel's "outgoing"
 * mark, the hosts' known addresses and TTLs decide, and the operator's word about the taps comes last.
 */
export class Orientation {
  private readonly intake: Intake;
  private readonly taps: readonly [Tap, Tap];
  /** By hash of an address: flows that proved it to be at tap 0, less those that proved tap 1. */
  private readonly votes = new Map<number, number>();
  /** Hashes of addresses by which the path calls a host that has another one itself. */
  private readonly outside = new Set<number>();

  constructor(intake: Intake, taps: readonly [Tap, Tap]) {
    this.intake = intake;
    this.taps = taps;
    this.countVotes();
  }

  /** Tap at the sender's end of a direction. */
  senderTap(flow: number, direction: number): 0 | 1 {
    const { store } = this.intake;
    const proven = store.directions.data[store.direction(flow, direction) + Row.SENDER_TAP];
    if (proven >= 0) return proven as 0 | 1;
    const score = this.leaning(flow, direction) - this.leaning(flow, 1 - direction);
    if (score !== 0) return score > 0 ? 0 : 1;
    return this.senderByRole(flow, direction);
  }

  /** Direction of the packets that the flow's client sends. */
  clientDirection(flow: number): 0 | 1 {
    const { store } = this.intake;
    const known = store.flows.data[store.flow(flow) + Row.INITIATOR];
    if (known >= 0) return known as 0 | 1;
    const a = store.table.port(flow, 0);
    const b = store.table.port(flow, 1);
    if (a !== b) return a > b ? 0 : 1;
    const s = store.sides.data;
    const first = (direction: number) =>
      Math.min(
        orInfinity(s[store.side(flow, direction, 0) + Row.FIRST_TIME]),
        orInfinity(s[store.side(flow, direction, 1) + Row.FIRST_TIME]),
      );
    return first(0) <= first(1) ? 0 : 1;
  }

  private senderByRole(flow: number, direction: number): 0 | 1 {
    const clientTap = this.taps[0].description.role === 'server' ? 1 : 0;
    return (this.clientDirection(flow) === direction ? clientTap : 1 - clientTap) as 0 | 1;
  }

  /** Positive when hints say that the direction's source is at tap 0. */
  private leaning(flow: number, direction: number): number {
    const { store } = this.intake;
    const endpoint = direction;
    let score = WEIGHT.hosts * Math.sign(this.votes.get(hashOf(store.table, flow, endpoint)) ?? 0);
    score += WEIGHT.addresses * this.ownedBy(flow, endpoint);
    score +=
      WEIGHT.ttlDifference *
      Math.sign(store.directions.data[store.direction(flow, direction) + Row.TTL_DIFF]);
    for (let tap = 0; tap < 2; tap++) {
      const sign = tap === 0 ? 1 : -1;
      const side = store.side(flow, direction, tap);
      score += sign * WEIGHT.outgoing * store.sides.data[side + Row.OUTGOING];
      if (INITIAL_TTLS.includes(store.sides.data[side + Row.TTL])) score += sign * WEIGHT.initialTtl;
    }
    return score;
  }

  private ownedBy(flow: number, endpoint: number): number {
    const hash = hashOf(this.intake.store.table, flow, endpoint);
    const owns = (tap: Tap) => addressSet(tap).has(hash);
    return Number(owns(this.taps[0])) - Number(owns(this.taps[1]));
  }

  /**
   * Whether a flow that only one tap saw should have been seen at the other: `yes` when the endpoint at the far
   * side is known to be a host there, `no` when that tap is known to be at other hosts, `unknown` when nothing tells.
   */
  belongs(flow: number, seenBy: 0 | 1): 'yes' | 'no' | 'unknown' {
    const far = (1 - seenBy) as 0 | 1;
    const wanted = far === 0 ? 1 : -1;
    for (let endpoint = 0; endpoint < 2; endpoint++) {
      if (this.senderTap(flow, endpoint) !== far) continue;
      if (this.ownedBy(flow, endpoint) === wanted) return 'yes';
      const address = hashOf(this.intake.store.table, flow, endpoint);
      const vote = this.votes.get(address) ?? 0;
      // Any number of hosts may stand behind the address of a translating device.
      if (Math.sign(vote) === wanted) return this.outside.has(address) ? 'unknown' : 'yes';
    }
    return this.knowsHostsAt(far) ? 'no' : 'unknown';
  }

  private knowsHostsAt(tap: 0 | 1): boolean {
    if (this.taps[tap].description.addresses.length > 0) return true;
    const wanted = tap === 0 ? 1 : -1;
    for (const vote of this.votes.values()) if (Math.sign(vote) === wanted) return true;
    return false;
  }

  private countVotes(): void {
    const { store } = this.intake;
    for (let flow = 0; flow < store.table.count; flow++) {
      const alias = this.intake.joiner.aliasOf(flow);
      for (const direction of [0, 1] as const) {
        const tap = store.provenSender(flow, direction);
        const local = tap >= 0 ? tap : (this.matchedTap(flow, direction) ?? this.localTap(flow, direction));
        if (local < 0) continue;
        this.vote(flow, direction, local);
        if (alias) this.voteOutside(flow, direction, alias, local);
      }
    }
  }

  private vote(flow: number, endpoint: number, tap: number): void {
    const key = hashOf(this.intake.store.table, flow, endpoint);
    this.votes.set(key, (this.votes.get(key) ?? 0) + (tap === 0 ? 1 : -1));
  }

  private voteOutside(flow: number, direction: number, alias: Alias, tap: number): void {
    const { table } = this.intake.store;
    const endpoint = alias.swapped ? 1 - direction : direction;
    const there = hashOf(table, alias.flow, endpoint);
    if (there !== hashOf(table, flow, direction)) this.outside.add(there);
    this.vote(alias.flow, endpoint, tap);
  }

  /** Tap of the endpoint that sends `direction`, by the TTLs of packets matched in either direction; null where none was. */
  private matchedTap(flow: number, direction: number): 0 | 1 | null {
    const { store } = this.intake;
    const forth = store.directions.data[store.direction(flow, direction) + Row.TTL_DIFF];
    const back = store.directions.data[store.direction(flow, 1 - direction) + Row.TTL_DIFF];
    if (forth === back) return null;
    return forth > back ? 0 : 1;
  }

  /** The one tap that saw the direction's packets leave their host, -1 when none did for certain. */
  private localTap(flow: number, direction: number): number {
    const { store } = this.intake;
    const leaves = (tap: number) => {
      const side = store.side(flow, direction, tap);
      const back = store.side(flow, 1 - direction, tap);
      if (store.sides.data[side + Row.OUTGOING] === 1) return true;
      const backTtl = store.sides.data[back + Row.TTL];
      return (
        INITIAL_TTLS.includes(store.sides.data[side + Row.TTL]) &&
        backTtl >= 0 &&
        !INITIAL_TTLS.includes(backTtl)
      );
    };
    const at0 = leaves(0);
    const at1 = leaves(1);
    return at0 === at1 ? -1 : at0 ? 0 : 1;
  }
}

const addressSets = new WeakMap<readonly string[], Set<number>>();

function addressSet(tap: Tap): Set<number> {
  let set = addressSets.get(tap.description.addresses);
  if (!set) {
    const words = tap.description.addresses.map(parseAddress).filter((w) => w !== null);
    set = new Set(words.map((address) => hashAddress(address)));
    addressSets.set(tap.description.addresses, set);
  }
  return set;
}

function hashOf(table: FlowTable, flow: number, endpoint: number): number {
  return hashAddress(table.words, table.addressAt(flow, endpoint));
}

function hashAddress(words: Uint32Array, at = 0): number {
  let h = 0x811c9dc5;
  for (let i = at; i < at + 4; i++)
    h = Math.imul(h ^ words[i] ^ (h >>> 13), 0x01000193 + (words[i] & 0xff00));
  return h;
}

function orInfinity(x: number): number {
  return Number.isNaN(x) ? Number.POSITIVE_INFINITY : x;
}
