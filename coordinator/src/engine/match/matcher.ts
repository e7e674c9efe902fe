import { Tcp } from '@bothends/proto';
import { State } from './records.js';
import {
  CURSOR,
  DELIVERED_SIZE,
  HEAD,
  ID_CHANGED,
  ID_KEPT,
  MATCHED,
  PAIRS,
  SEQ_DELTA,
  TS_KEPT,
  WAITING,
} from './rows.js';
import type { FlowStore } from './store.js';

/** Flags that make a segment something else than data or a pure ACK. */
const CONTROL = Tcp.syn | Tcp.fin | Tcp.rst;

/** Records looked at in one bucket: identical pure ACKs can pile up there, and the oldest few are enough. */
const CHAIN_LIMIT = 64;

/**
 * Waiting records looked at in a range search. Segments arrive nearly in order, so the match is at the cursor
 * or a few records after it; a long search only happens when there is no match.
 */
const SCAN_LIMIT = 96;

/**
 * Smallest segment that a sender cuts (RFC 879's 536 less options): bounds how fast IP ids may grow along the
 * bytes of one super-packet.
 */
const SMALLEST_SEGMENT = 400;

/** Told of every pair: `whole` when the later of both is now completely matched; `aligned` when both begin at the same byte. */
export type PairSink = (atTap0: number, atTap1: number, aligned: boolean) => void;

/**
 * Finds the same packet at the other tap. First by identity (sequence range, flags, IP id or time stamp) in a
 * hash; where that fails, because a NIC cut or merged segments (TSO, GRO) or the path rewrote a field, by
 * overlapping ranges among the packets that still wait on the other side.
 */
export class Matcher {
  private readonly store: FlowStore;
  private readonly paired: PairSink;

  constructor(store: FlowStore, paired: PairSink) {
    this.store = store;
    this.paired = paired;
  }

  /**
   * Takes a new record; its flow, direction and tap are set. Returns the record that now stands for the packet: its
   * twin from the other tap where that is the same packet whole, which then knows both sightings, else `r` itself.
   */
  match(r: number): number {
    const { records, sides } = this.store;
    const flow = records.flow[r];
    const direction = records.direction[r];
    const tap = records.tap[r];
    const hash = this.identity(r);
    const otherSide = this.store.side(flow, direction, 1 - tap);
    if (sides.data[otherSide + WAITING] > 0) {
      const twin = this.oldestTwin(r, hash, 1 - tap);
      if (twin >= 0) {
        this.pair(r, twin, true);
        if (!(records.state[r] & State.notable)) return twin;
      } else this.search(r, otherSide);
    }
    if (!(records.state[r] & State.matched)) {
      if (this.isCopy(r, hash)) records.state[r] |= State.copy;
      this.store.wait(r, this.store.side(flow, direction, tap));
    }
    this.store.index(r, hash);
    return r;
  }

  /** Tries all waiting records of a flow again, after something about its path was learned. */
  rematch(flow: number): void {
    for (let direction = 0; direction < 2; direction++) {
      for (let tap = 0; tap < 2; tap++) this.reindexSide(this.store.side(flow, direction, tap));
      const side = this.store.side(flow, direction, 1);
      for (const r of this.waiting(side)) {
        const twin = this.oldestTwin(r, this.store.records.hash[r], 0);
        const otherSide = this.store.side(flow, direction, 0);
        if (twin >= 0) this.pair(r, twin, true);
        else this.search(r, otherSide);
        if (this.store.records.state[r] & State.matched) this.store.unwait(r, side);
      }
    }
  }

  /** Waiting records of a side, oldest first. */
  waiting(side: number): number[] {
    const list: number[] = [];
    for (let r = this.store.sides.data[side + HEAD]; r >= 0; r = this.store.records.nextWaiting[r])
      list.push(r);
    return list;
  }

  private reindexSide(side: number): void {
    for (const r of this.waiting(side)) {
      this.store.unindex(r);
      this.store.index(r, this.identity(r));
    }
  }

  // --- by identity

  /** Sequence number on tap 0's scale (they differ where a device rewrites initial sequence numbers). */
  private sequence(r: number): number {
    const { records, directions } = this.store;
    if (records.tap[r] === 0) return records.sequence[r];
    const delta = directions.data[this.store.direction(records.flow[r], records.direction[r]) + SEQ_DELTA];
    return (records.sequence[r] - delta) >>> 0;
  }

  private acknowledgment(r: number): number {
    const { records, directions } = this.store;
    if (records.tap[r] === 0 || !(records.flags[r] & Tcp.ack)) return records.acknowledgment[r];
    const delta =
      directions.data[this.store.direction(records.flow[r], 1 - records.direction[r]) + SEQ_DELTA];
    return (records.acknowledgment[r] - delta) >>> 0;
  }

  /** What tells one transmission of the same bytes from another: IP id, else time stamp, else nothing. */
  private discriminator(r: number): number {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    if (records.ipId[r] !== 0 && directions.data[row + ID_KEPT]) return records.ipId[r] | 0x10000;
    return directions.data[row + TS_KEPT] ? records.timestampValue[r] : 0;
  }

  private identity(r: number): number {
    const { records } = this.store;
    let h = Math.imul(records.flow[r] * 2 + records.direction[r] + 1, 0x9e3779b1);
    h = mix(h, this.sequence(r));
    h = mix(h, records.length[r] | ((records.flags[r] & CONTROL) << 24));
    h = mix(h, this.discriminator(r));
    if (records.length[r] === 0) h = mix(h, this.acknowledgment(r));
    // A datagram without an id (IPv6) has nothing but its payload.
    if (records.flags[r] === 0 && records.ipId[r] === 0) h = mix(h, records.digestLow[r]);
    return h ^ (h >>> 15);
  }

  private oldestTwin(r: number, hash: number, tap: number): number {
    const { records } = this.store;
    let found = -1;
    let steps = 0;
    for (
      let c = this.store.bucket(hash);
      c >= 0 && steps < CHAIN_LIMIT;
      c = records.nextInBucket[c], steps++
    ) {
      if (records.hash[c] !== hash || records.tap[c] !== tap) continue;
      if (!(records.state[c] & State.matched) && this.isTwin(r, c)) found = c;
    }
    return found;
  }

  private isTwin(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.flow[c] !== records.flow[r] || records.direction[c] !== records.direction[r]) return false;
    if (records.length[c] !== records.length[r]) return false;
    if ((records.flags[c] & CONTROL) !== (records.flags[r] & CONTROL)) return false;
    if (this.sequence(c) !== this.sequence(r) || this.discriminator(c) !== this.discriminator(r))
      return false;
    if (records.flags[r] === 0) return records.ipId[r] !== 0 || this.samePayload(r, c);
    if (records.length[r] > 0) return this.sameStamp(r, c);
    return (
      this.acknowledgment(c) === this.acknowledgment(r) &&
      records.window[c] === records.window[r] &&
      this.sameSack(r, c) &&
      this.sameStamp(r, c)
    );
  }

  /** Payload digests were taken over the same length and agree. */
  private samePayload(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.digestLength[r] !== records.digestLength[c]) return false;
    return records.digestLow[r] === records.digestLow[c] && records.digestHigh[r] === records.digestHigh[c];
  }

  /** As many SACK blocks, as far as the snaplen of both taps lets them be counted. */
  private sameSack(r: number, c: number): boolean {
    const { cut, sackCount } = this.store.records;
    return cut[r] + cut[c] > 0 || sackCount[r] === sackCount[c];
  }

  /** TCP time stamps agree, or cannot be compared (option absent or stripped, path that rewrites them). */
  private sameStamp(r: number, c: number): boolean {
    const { records, directions } = this.store;
    const a = records.timestampValue[r];
    const b = records.timestampValue[c];
    if (a === b || a === 0 || b === 0) return true;
    return !directions.data[this.store.direction(records.flow[r], records.direction[r]) + TS_KEPT];
  }

  /** The same transmission was seen before, at this tap or at both; should it find a match of its own, it is none. */
  private isCopy(r: number, hash: number): boolean {
    const { records } = this.store;
    if (this.discriminator(r) === 0) return false;
    let steps = 0;
    for (
      let c = this.store.bucket(hash);
      c >= 0 && steps < CHAIN_LIMIT;
      c = records.nextInBucket[c], steps++
    ) {
      if (records.hash[c] !== hash || c === r) continue;
      const known = records.tap[c] === records.tap[r] || (records.state[c] & State.matched) !== 0;
      if (known && this.isTwin(r, c)) return true;
    }
    return false;
  }

  // --- by range

  private search(r: number, otherSide: number): void {
    const { records, sides } = this.store;
    const start = sides.data[otherSide + CURSOR];
    let candidate = start >= 0 ? start : sides.data[otherSide + HEAD];
    let wrapped = start < 0;
    for (let steps = 0; steps < SCAN_LIMIT; steps++) {
      if (candidate < 0) {
        if (wrapped) return;
        wrapped = true;
        candidate = sides.data[otherSide + HEAD];
        continue;
      }
      if (wrapped && candidate === start) return;
      const next = records.nextWaiting[candidate];
      if (this.tryPair(r, candidate))
        sides.data[otherSide + CURSOR] = this.stillWaits(candidate) ? candidate : next;
      if (records.state[r] & State.matched) return;
      candidate = next;
    }
  }

  private stillWaits(r: number): boolean {
    return !(this.store.records.state[r] & State.matched);
  }

  private tryPair(r: number, c: number): boolean {
    const { records } = this.store;
    if ((records.flags[r] ^ records.flags[c]) & (Tcp.syn | Tcp.rst)) return false;
    if (records.flags[r] & Tcp.rst) return false;
    if (records.flags[r] & Tcp.syn) return this.tryHandshake(r, c);
    if (records.flags[r] === 0) return this.tryDatagram(r, c);
    if (records.length[r] === 0 || records.length[c] === 0) return this.tryRestamped(r, c);
    return this.tryRange(r, c) || this.tryShifted(r, c);
  }

  /** A SYN or SYN-ACK whose id, sequence number or options were rewritten. */
  private tryHandshake(r: number, c: number): boolean {
    const { records } = this.store;
    if ((records.flags[r] & Tcp.ack) !== (records.flags[c] & Tcp.ack)) return false;
    if (!this.isSameHandshake(r, c)) return false;
    const sameSequence = this.sequence(r) === this.sequence(c);
    if (sameSequence && this.acknowledgment(r) !== this.acknowledgment(c)) return false;
    if (!sameSequence) this.learnDelta(r, c);
    if (records.ipId[r] !== records.ipId[c]) this.learnIdChange(r);
    this.pair(r, c, true);
    return true;
  }

  /**
   * Known again by its time stamp; else by its IP id or flow label with the same window; a SYN-ACK, which has neither
   * on Linux, by what it acknowledges (a SYN proxy's own has another window).
   */
  private isSameHandshake(r: number, c: number): boolean {
    const { records } = this.store;
    const stamps = Number(records.timestampValue[r] !== 0) + Number(records.timestampValue[c] !== 0);
    if (stamps === 2) return records.timestampValue[r] === records.timestampValue[c];
    if (records.window[r] !== records.window[c]) return false;
    // Time stamps at one end only: the option was stripped, or this is another SYN.
    if (stamps === 1 && this.sequence(r) !== this.sequence(c)) return false;
    if (records.ipId[r] !== 0) return records.ipId[r] === records.ipId[c];
    if (records.flowLabel[r] !== 0) return records.flowLabel[r] === records.flowLabel[c];
    return (
      (records.flags[r] & Tcp.ack) !== 0 &&
      this.acknowledgment(r) === this.acknowledgment(c) &&
      records.optionOrder[r] === records.optionOrder[c]
    );
  }

  /** A pure ACK or bare FIN that differs only in an id which this path is not known to keep. */
  private tryRestamped(r: number, c: number): boolean {
    const { records, directions } = this.store;
    if (records.length[r] !== records.length[c] || records.flags[r] !== records.flags[c]) return false;
    if (this.sequence(r) !== this.sequence(c) || this.acknowledgment(r) !== this.acknowledgment(c))
      return false;
    if (records.window[r] !== records.window[c] || !this.sameSack(r, c)) return false;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    const idsMayDiffer = directions.data[row + PAIRS] === 0 || directions.data[row + ID_CHANGED] > 0;
    if (!idsMayDiffer || records.timestampValue[r] === 0 || !this.sameStamp(r, c)) return false;
    this.pair(r, c, true);
    return true;
  }

  /**
   * A datagram whose id was rewritten, known by its payload; or one without an id of whose payload one tap captured
   * less than the other, known by its length and its turn.
   */
  private tryDatagram(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.length[r] !== records.length[c] || records.digestLength[r] === 0) return false;
    const comparable = records.digestLength[r] === records.digestLength[c];
    if (comparable ? !this.samePayload(r, c) : records.ipId[r] !== 0 || records.ipId[c] !== 0) return false;
    if (records.ipId[r] !== records.ipId[c]) {
      // Equal payloads are no rarity; on a path that has been seen to keep ids they are two datagrams.
      const d = this.store.directions.data;
      const row = this.store.direction(records.flow[r], records.direction[r]);
      if (d[row + PAIRS] > 0 && d[row + ID_CHANGED] === 0) return false;
      d[row + ID_CHANGED]++;
    }
    this.pair(r, c, true);
    return true;
  }

  /** Data whose ranges overlap and whose ids agree with one having been cut from, or merged with, the other. */
  private tryRange(r: number, c: number): boolean {
    const { records } = this.store;
    const ahead = (this.sequence(r) - this.sequence(c)) | 0;
    const overlap = Math.min(ahead + records.length[r], records.length[c]) - Math.max(ahead, 0);
    if (overlap <= 0 || !this.sameStamp(r, c)) return false;
    if (!this.idsFit(r, c, ahead)) return false;
    this.pairRange(r, c, overlap, ahead === 0);
    return true;
  }

  private idsFit(r: number, c: number, ahead: number): boolean {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    if (!directions.data[row + ID_KEPT]) return true;
    if (records.ipId[r] === 0 && records.ipId[c] === 0) return true;
    const step = ((records.ipId[r] - records.ipId[c]) << 16) >> 16;
    if (ahead === 0) {
      if (step === 0) return true;
      const restamped =
        records.timestampValue[r] !== 0 && records.timestampValue[r] === records.timestampValue[c];
      const first = directions.data[row + PAIRS] === directions.data[row + ID_CHANGED];
      if (restamped && first && records.length[r] === records.length[c]) this.learnIdChange(r);
      return restamped && first;
    }
    const most = Math.ceil(Math.abs(ahead) / SMALLEST_SEGMENT);
    return ahead > 0 ? step > 0 && step <= most : step < 0 && -step <= most;
  }

  /** The first data of a direction whose numbers a device shifts: known by its payload. */
  private tryShifted(r: number, c: number): boolean {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    if (directions.data[row + DELIVERED_SIZE] > 0) return false;
    if (records.length[r] !== records.length[c] || records.digestLength[r] < SHIFT_DIGEST_BYTES) return false;
    if (records.digestHigh[r] !== records.digestHigh[c] || records.digestLow[r] !== records.digestLow[c])
      return false;
    if (records.digestLength[r] !== records.digestLength[c]) return false;
    if (this.sequence(r) === this.sequence(c)) return false;
    this.learnDelta(r, c);
    this.pair(r, c, true);
    return true;
  }

  // --- what is learned about the path

  private learnDelta(r: number, c: number): void {
    const { records, directions } = this.store;
    const at0 = records.tap[r] === 0 ? r : c;
    const at1 = at0 === r ? c : r;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    directions.data[row + SEQ_DELTA] = (records.sequence[at1] - records.sequence[at0]) >>> 0;
    // A SYN proxy shifts the server's time stamps along with its sequence numbers.
    if (records.timestampValue[r] !== records.timestampValue[c]) directions.data[row + TS_KEPT] = 0;
    this.relearn = records.flow[r];
  }

  private learnIdChange(r: number): void {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    directions.data[row + ID_CHANGED]++;
    directions.data[row + ID_KEPT] = 0;
    this.relearn = records.flow[r];
  }

  /** Flow whose waiting records should be tried again, -1 for none; the caller does it between packets. */
  relearn = -1;

  // --- pairing

  private pair(r: number, c: number, aligned: boolean): void {
    this.pairRange(r, c, this.store.records.length[r], aligned);
  }

  private pairRange(r: number, c: number, bytes: number, aligned: boolean): void {
    const { records, sides } = this.store;
    records.covered[r] = Math.min(records.length[r], records.covered[r] + bytes);
    records.covered[c] = Math.min(records.length[c], records.covered[c] + bytes);
    if (aligned || records.peer[r] < 0) this.link(r, c);
    if (aligned || records.peer[c] < 0) this.link(c, r);
    this.complete(r);
    const otherSide = this.store.side(records.flow[c], records.direction[c], records.tap[c]);
    if (this.complete(c)) this.store.unwait(c, otherSide);
    if (records.tap[r] === 0) this.paired(r, c, aligned);
    else this.paired(c, r, aligned);
    sides.data[otherSide + MATCHED] += records.state[c] & State.matched ? 1 : 0;
    const ownSide = this.store.side(records.flow[r], records.direction[r], records.tap[r]);
    sides.data[ownSide + MATCHED] += records.state[r] & State.matched ? 1 : 0;
    if (records.state[c] & State.matched) this.store.settle(c);
  }

  private link(r: number, c: number): void {
    const { records } = this.store;
    records.peer[r] = c;
    records.peerNumber[r] = records.number[c];
    records.peerTime[r] = records.time[c];
    records.peerTtl[r] = records.ttl[c];
    if (records.state[c] & State.translated) records.state[r] |= State.peerTranslated;
    records.peerType[r] = records.packetType[c];
    records.peerIfindex[r] = records.ifindex[c];
  }

  private complete(r: number): boolean {
    const { records } = this.store;
    if (records.covered[r] < records.length[r]) return false;
    records.state[r] = (records.state[r] | State.matched) & ~State.copy;
    return true;
  }
}

/** Payload bytes that must agree before a shift of sequence numbers is believed: shorter ones repeat by chance. */
const SHIFT_DIGEST_BYTES = 8;

function mix(h: number, k: number): number {
  let x = Math.imul(k, 0xcc9e2d51);
  x = (x << 15) | (x >>> 17);
  let y = h ^ Math.imul(x, 0x1b873593);
  y = (y << 13) | (y >>> 19);
  return (Math.imul(y, 5) + 0xe6546b64) | 0;
}
