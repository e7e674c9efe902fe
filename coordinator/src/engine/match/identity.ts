import { DIGEST_PREFIX, Tcp } from '@bothends/proto';
import { ID_CHANGED, ID_KEPT, SEQ_DELTA, TS_KEPT } from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';

/** Flags that make a segment something else than data or a pure ACK. */
export const CONTROL = Tcp.syn | Tcp.fin | Tcp.rst;

/** What makes two records the same transmission, whatever the path rewrites. */
export class Identity {
  private readonly store: FlowStore;

  constructor(store: FlowStore) {
    this.store = store;
  }

  /** Sequence number on tap 0's scale (they differ where a device rewrites initial sequence numbers). */
  sequence(r: number): number {
    const { records, directions } = this.store;
    if (records.tap[r] === 0) return records.sequence[r];
    const delta = directions.data[this.store.direction(records.flow[r], records.direction[r]) + SEQ_DELTA];
    return (records.sequence[r] - delta) >>> 0;
  }

  acknowledgment(r: number): number {
    const { records, directions } = this.store;
    if (records.tap[r] === 0 || !(records.flags[r] & Tcp.ack)) return records.acknowledgment[r];
    const delta =
      directions.data[this.store.direction(records.flow[r], 1 - records.direction[r]) + SEQ_DELTA];
    return (records.acknowledgment[r] - delta) >>> 0;
  }

  /** What tells one transmission of the same bytes from another: IP id, else time stamp, else nothing. */
  discriminator(r: number): number {
    const { records, directions } = this.store;
    if (this.isKnownById(r)) return records.ipId[r] | 0x10000;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    return directions.data[row + TS_KEPT] ? records.timestampValue[r] : 0;
  }

  private isKnownById(r: number): boolean {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    return records.ipId[r] !== 0 && directions.data[row + ID_KEPT] !== 0;
  }

  /** Equal for records that are twins. */
  hash(r: number): number {
    const { records } = this.store;
    let h = Math.imul(records.flow[r] * 2 + records.direction[r] + 1, 0x9e3779b1);
    h = mix(h, this.sequence(r));
    h = mix(h, records.length[r] | ((records.flags[r] & CONTROL) << 24));
    h = mix(h, this.discriminator(r));
    if (records.length[r] === 0) h = mix(h, this.acknowledgment(r));
    // A datagram without an id that the path keeps (IPv6, renumbered) has nothing but its payload.
    if (records.flags[r] === 0 && this.discriminator(r) === 0) h = mix(h, records.digestHigh[r]);
    return h ^ (h >>> 15);
  }

  isTwin(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.flow[c] !== records.flow[r] || records.direction[c] !== records.direction[r]) return false;
    if (records.length[c] !== records.length[r]) return false;
    if ((records.flags[c] & CONTROL) !== (records.flags[r] & CONTROL)) return false;
    if (this.sequence(c) !== this.sequence(r) || this.discriminator(c) !== this.discriminator(r))
      return false;
    if (records.flags[r] === 0) return this.isNumbered(r) || this.samePayload(r, c);
    if (records.length[r] > 0) return this.sameStamp(r, c);
    return (
      this.acknowledgment(c) === this.acknowledgment(r) &&
      // With the same id it is the same ACK, even if a traffic shaper made its window smaller.
      (records.window[c] === records.window[r] || this.isKnownById(r)) &&
      this.sameSack(r, c) &&
      this.sameStamp(r, c)
    );
  }

  /** An id that this path has not been seen to change tells a datagram from all others. */
  private isNumbered(r: number): boolean {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    return this.discriminator(r) !== 0 && directions.data[row + ID_CHANGED] === 0;
  }

  /** Payload digests can be compared and agree. */
  samePayload(r: number, c: number): boolean {
    return samePayload(this.store.records, r, c);
  }

  /** The same SACK blocks, as far as the snaplen of both taps lets them be seen. */
  sameSack(r: number, c: number): boolean {
    const { cut, sackCount, sackDigest, flow, direction } = this.store.records;
    if (cut[r] + cut[c] > 0) return true;
    if (sackCount[r] !== sackCount[c]) return false;
    if (sackDigest[r] === sackDigest[c]) return true;
    // A device that shifts sequence numbers shifts those of the blocks, too, or forgets them.
    return this.store.directions.data[this.store.direction(flow[r], 1 - direction[r]) + SEQ_DELTA] !== 0;
  }

  /** TCP time stamps agree, or cannot be compared (option absent or stripped, path that rewrites them). */
  sameStamp(r: number, c: number): boolean {
    const { records, directions } = this.store;
    const a = records.timestampValue[r];
    const b = records.timestampValue[c];
    if (a === b || a === 0 || b === 0) return true;
    return !directions.data[this.store.direction(records.flow[r], records.direction[r]) + TS_KEPT];
  }
}

/** Columns that tell payloads apart. */
interface Digests {
  readonly digestHigh: ArrayLike<number>;
  readonly digestLow: ArrayLike<number>;
  readonly digestLength: ArrayLike<number>;
  readonly hasPrefixDigests: boolean;
  readonly hasWholeDigests: boolean;
}

/**
 * Both cover equally many bytes, or one of them more, and then both have a digest of the first few. Taps of two releases
 * agree on digests of up to DIGEST_PREFIX bytes only.
 */
export function comparablePayloads(records: Digests, r: number, c: number): boolean {
  const { digestLength, hasPrefixDigests, hasWholeDigests } = records;
  const equal = digestLength[r] === digestLength[c];
  if (!hasWholeDigests) return equal || Math.min(digestLength[r], digestLength[c]) >= DIGEST_PREFIX;
  return equal && (!hasPrefixDigests || digestLength[r] <= DIGEST_PREFIX);
}

/** Payload digests can be compared and agree as far as both reach. */
export function samePayload(records: Digests, r: number, c: number): boolean {
  if (records.digestHigh[r] !== records.digestHigh[c] || !comparablePayloads(records, r, c)) return false;
  return records.digestLength[r] !== records.digestLength[c] || records.digestLow[r] === records.digestLow[c];
}

function mix(h: number, k: number): number {
  let x = Math.imul(k, 0xcc9e2d51);
  x = (x << 15) | (x >>> 17);
  let y = h ^ Math.imul(x, 0x1b873593);
  y = (y << 13) | (y >>> 19);
  return (Math.imul(y, 5) + 0xe6546b64) | 0;
}
