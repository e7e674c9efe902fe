import type { PacketTable } from '@bothends/proto';

/** Words of a flow key: two addresses of four words, the two ports in one, the protocol. */
export const KEY_WORDS = 10;

/** Set beside the protocol where both addresses are IPv4-mapped: then their last words say all. */
export const MAPPED = 0x100;
const PROTOCOL_MASK = 0xff;
/** Third word of an IPv4-mapped address. */
const MAPPED_PREFIX = 0xffff;

/** Slots of the cache of recent tuples: traffic comes in runs, and a hit saves hashing forty bytes. */
const CACHE_SLOTS = 1024;

/**
 * Flows of a capture that are followed. A flow that was put away takes some 100 bytes and what was written of it: with so
 * many the engine and its report stay below a gigabyte, and a report takes seconds. Packets of further flows are counted.
 */
export const FLOW_LIMIT = 262_144;

/** Flows to make room for at first; the table doubles as it fills. */
const INITIAL_FLOWS = 1024;

/**
 * Gives every conversation a number. The key is the 5-tuple with its two endpoints in canonical order, so
 * both directions find the same flow. Open addressing over typed arrays: no object per flow or per packet.
 */
export class FlowTable {
  count = 0;
  /** Flows that get a number; see FLOW_LIMIT. */
  limit = FLOW_LIMIT;
  /** Direction of the packet that `find` looked up last: 0 from endpoint a to b, 1 back. */
  direction = 0;
  keys = new Uint32Array(INITIAL_FLOWS * KEY_WORDS);
  /** Flows by the hash of their key, at the next free slot; -1: none. Replaced as it grows. */
  slots = new Int32Array(INITIAL_FLOWS * 2).fill(-1);
  private readonly probe = new Uint32Array(KEY_WORDS);
  readonly cache = new Int32Array(CACHE_SLOTS).fill(-1);
  /** What is likely to differ where the flow in a slot is another one: with many flows a look at its key is a cache miss. */
  readonly tags = new Int32Array(CACHE_SLOTS);

  /** The flow of the packet's own tuple; a new one if it was never seen, -1 if there are too many already. */
  find(table: PacketTable, row: number): number {
    const from = row * 4;
    const ports = table.sourcePort[row] + table.destinationPort[row];
    const tag = ports ^ table.source[from + 3] ^ table.destination[from + 3];
    const slot = tag & (CACHE_SLOTS - 1);
    const cached = this.cache[slot];
    if (cached >= 0 && this.tags[slot] === tag && this.isOf(cached, table, row)) return cached;
    const flow = this.findAnew(table, row);
    if (flow >= 0) {
      this.cache[slot] = flow;
      this.tags[slot] = tag;
    }
    return flow;
  }

  /** Whether the packet is of a flow, in either direction; sets `direction`. */
  private isOf(flow: number, table: PacketTable, row: number): boolean {
    const keys = this.keys;
    const key = flow * KEY_WORDS;
    const from = row * 4;
    const { source, destination } = table;
    const sourcePort = table.sourcePort[row];
    const destinationPort = table.destinationPort[row];
    const ports = keys[key + 8];
    const kind = keys[key + 9];
    if ((kind & PROTOCOL_MASK) !== table.protocol[row]) return false;
    const short = kind > PROTOCOL_MASK && table.ipVersion[row] === 4;
    const forth = ports >>> 16 === sourcePort && (ports & 0xffff) === destinationPort;
    if (
      forth &&
      sameAddress(keys, key, source, from, short) &&
      sameAddress(keys, key + 4, destination, from, short)
    ) {
      this.direction = 0;
      return true;
    }
    if (ports >>> 16 !== destinationPort || (ports & 0xffff) !== sourcePort) return false;
    this.direction = 1;
    return (
      sameAddress(keys, key, destination, from, short) && sameAddress(keys, key + 4, source, from, short)
    );
  }

  private findAnew(table: PacketTable, row: number): number {
    return this.lookup(
      table.source,
      table.destination,
      row * 4,
      table.sourcePort[row],
      table.destinationPort[row],
      table.protocol[row],
      true,
    );
  }

  /** The flow of the packet that an ICMP error quotes, or -1. */
  findQuoted(table: PacketTable, row: number): number {
    return this.lookup(
      table.quotedSource,
      table.quotedDestination,
      row * 4,
      table.quotedSourcePort[row],
      table.quotedDestinationPort[row],
      table.quotedProtocol[row],
      false,
    );
  }

  /** A further flow with the key of `flow`: the same tuple came back for a new connection; -1 if there are too many. `find` keeps giving the first. */
  again(flow: number): number {
    if (this.count >= this.limit) return -1;
    const next = this.count++;
    if (this.count * KEY_WORDS > this.keys.length) this.keys = grown(this.keys);
    this.keys.copyWithin(next * KEY_WORDS, flow * KEY_WORDS, (flow + 1) * KEY_WORDS);
    return next;
  }

  /** Address words of endpoint a (0) or b (1), as a view that stays valid until the next flow is made. */
  address(flow: number, endpoint: number): Uint32Array {
    const start = flow * KEY_WORDS + endpoint * 4;
    return this.keys.subarray(start, start + 4);
  }

  /** The same four words without a view: where they stand in `words`. */
  addressAt(flow: number, endpoint: number): number {
    return flow * KEY_WORDS + endpoint * 4;
  }

  /** The keys of all flows; valid until the next flow is made. */
  get words(): Uint32Array {
    return this.keys;
  }

  port(flow: number, endpoint: number): number {
    const ports = this.keys[flow * KEY_WORDS + 8];
    return endpoint === 0 ? ports >>> 16 : ports & 0xffff;
  }

  protocol(flow: number): number {
    return this.keys[flow * KEY_WORDS + 9] & PROTOCOL_MASK;
  }

  private lookup(
    source: Uint32Array,
    destination: Uint32Array,
    offset: number,
    sourcePort: number,
    destinationPort: number,
    protocol: number,
    create: boolean,
  ): number {
    const swapped = isAfter(source, destination, offset, sourcePort, destinationPort);
    this.direction = swapped ? 1 : 0;
    const key = this.probe;
    const first = swapped ? destination : source;
    const second = swapped ? source : destination;
    for (let i = 0; i < 4; i++) {
      key[i] = first[offset + i];
      key[4 + i] = second[offset + i];
    }
    key[8] = swapped ? (destinationPort << 16) | sourcePort : (sourcePort << 16) | destinationPort;
    key[9] = isMapped(key, 0) && isMapped(key, 4) ? protocol | MAPPED : protocol;
    return this.locate(create);
  }

  private locate(create: boolean): number {
    const mask = this.slots.length - 1;
    let slot = hashKey(this.probe, 0) & mask;
    for (;;) {
      const flow = this.slots[slot];
      if (flow < 0) break;
      if (this.equals(flow)) return flow;
      slot = (slot + 1) & mask;
    }
    if (!create || this.count >= this.limit) return -1;
    const flow = this.count++;
    if (this.count * KEY_WORDS > this.keys.length) this.keys = grown(this.keys);
    this.keys.set(this.probe, flow * KEY_WORDS);
    this.slots[slot] = flow;
    if (this.count * 2 > this.slots.length) this.rehash();
    return flow;
  }

  private equals(flow: number): boolean {
    const start = flow * KEY_WORDS;
    const keys = this.keys;
    const probe = this.probe;
    for (let i = 9; i >= 0; i--) if (keys[start + i] !== probe[i]) return false;
    return true;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (const flow of this.slots) {
      if (flow < 0) continue;
      let slot = hashKey(this.keys, flow * KEY_WORDS) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = flow;
    }
    this.slots = slots;
  }
}

/** `short`: both are known to be IPv4-mapped. */
function sameAddress(a: Uint32Array, at: number, b: Uint32Array, from: number, short: boolean): boolean {
  if (a[at + 3] !== b[from + 3]) return false;
  return short || (a[at + 2] === b[from + 2] && a[at + 1] === b[from + 1] && a[at] === b[from]);
}

function isMapped(words: Uint32Array, at: number): boolean {
  return words[at + 2] === MAPPED_PREFIX && words[at + 1] === 0 && words[at] === 0;
}

/** True when the source endpoint sorts after the destination, by address and then port. */
function isAfter(
  source: Uint32Array,
  destination: Uint32Array,
  offset: number,
  sourcePort: number,
  destinationPort: number,
): boolean {
  for (let i = offset + 3; i >= offset; i--) {
    if (source[i] !== destination[i]) return source[i] > destination[i];
  }
  return sourcePort > destinationPort;
}

/**
 * Murmur3-style mix of the ten key words: addresses in one subnet differ in few bits. The add-on for trains finds flows by it,
 * too: whoever changes it changes `hash_of` of native/flow-table.h.
 */
function hashKey(words: Uint32Array, start: number): number {
  let h = 0x9747b28c;
  for (let i = start; i < start + KEY_WORDS; i++) {
    let k = Math.imul(words[i], 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
