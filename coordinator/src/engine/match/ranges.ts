import { IpFlag, Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import { comparablePayloads, type Identity } from './identity.js';
import { DEFAULT_MSS } from './observe.js';
import type { Rewrites } from './rewrites.js';

/**
 * Waiting records looked at in a search. Segments arrive nearly in order, so the match is at the cursor or a few
 * records after it; a long search only happens when there is no match.
 */
const SCAN_LIMIT = 96;

/** Records this far behind are not looked at again: reordering reaches over less than a window of data, bytes. */
const FAR_BYTES = 1 << 20;

/** Smallest segment that a sender cuts (RFC 879's 536 less options). */
const SMALLEST_SEGMENT = 400;

/** Merged segments of several sizes are this much more than full ones would be. */
const UNEVEN = 1.25;

/** Payload bytes that must agree before a shift of sequence numbers is believed: shorter ones repeat by chance. */
const SHIFT_DIGEST_BYTES = 8;

/** Pairs `bytes` of two records; `aligned` when both begin at the same byte. */
export type Pairing = (r: number, c: number, bytes: number, aligned: boolean) => void;

/**
 * Finds the same packet where its identity differs: NICs cut and merged segments (TSO, GRO), or the path rewrote a
 * field. Looks among the records that wait on the other side.
 */
export class RangeSearch {
  private readonly store: FlowStore;
  private readonly identity: Identity;
  private readonly rewrites: Rewrites;
  private readonly pair: Pairing;

  constructor(store: FlowStore, identity: Identity, rewrites: Rewrites, pair: Pairing) {
    this.store = store;
    this.identity = identity;
    this.rewrites = rewrites;
    this.pair = pair;
  }

  search(r: number, otherSide: number): void {
    if (this.isInVain(r)) return;
    const start = this.store.sides.data[otherSide + Row.CURSOR];
    if (start >= 0) this.searchOn(r, otherSide, start);
    if (this.stillWaits(r)) this.searchBack(r, otherSide, start);
  }

  /** A pure ACK can only differ in its id, on a path that is not known to keep ids. */
  private isInVain(r: number): boolean {
    const { records } = this.store;
    if (records.length[r] > 0 || records.flags[r] === 0 || records.flags[r] & (Tcp.syn | Tcp.rst))
      return false;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    return !this.idsMayDiffer(row) || records.timestampValue[r] === 0;
  }

  /**
   * Searches forward from where the direction stands at the other tap. Records that lie before `r` are skipped,
   * however many: a capture that began earlier, or whose other end missed much, is full of them.
   */
  private searchOn(r: number, otherSide: number, start: number): void {
    const { records, sides } = this.store;
    let passing = records.length[r] > 0 && records.flags[r] !== 0;
    let next = start;
    for (let steps = 0; next >= 0 && steps < SCAN_LIMIT; ) {
      const candidate = next;
      next = records.nextWaiting[candidate];
      const ahead = passing ? this.aheadOf(candidate, r) : -1;
      if (ahead >= FAR_BYTES && next >= 0) sides.data[otherSide + Row.CURSOR] = next;
      if (ahead >= 0) continue;
      passing = false;
      steps++;
      if (this.tryPair(r, candidate))
        sides.data[otherSide + Row.CURSOR] = this.stillWaits(candidate) ? candidate : next;
      if (!this.stillWaits(r)) return;
    }
  }

  /** Searches backward from there: a packet that was overtaken waits right before. */
  private searchBack(r: number, otherSide: number, start: number): void {
    const { records, sides } = this.store;
    let before = start >= 0 ? records.previousWaiting[start] : sides.data[otherSide + Row.TAIL];
    for (let steps = 0; before >= 0 && steps < SCAN_LIMIT; steps++) {
      const candidate = before;
      before = records.previousWaiting[candidate];
      this.tryPair(r, candidate);
      if (!this.stillWaits(r)) return;
    }
  }

  /** Bytes from the end of `c` to the beginning of `r`; negative where `c` reaches into `r`, or lies after it. */
  private aheadOf(c: number, r: number): number {
    const end = this.identity.sequence(c) + this.store.records.length[c];
    return (this.identity.sequence(r) - end) | 0;
  }

  private stillWaits(r: number): boolean {
    return !(this.store.records.state[r] & State.matched);
  }

  private tryPair(r: number, c: number): boolean {
    const { records } = this.store;
    if ((records.flags[r] ^ records.flags[c]) & (Tcp.syn | Tcp.rst)) return false;
    if (records.flags[r] & Tcp.rst) return false;
    if (records.flags[r] & Tcp.syn) return this.tryHandshake(r, c);
    if (records.flags[r] === 0) return this.tryDatagram(r, c) || this.tryFragment(r, c);
    if (records.length[r] === 0 || records.length[c] === 0) return this.tryRestamped(r, c);
    return this.tryRange(r, c) || this.tryShifted(r, c);
  }

  /** A SYN or SYN-ACK whose id, sequence number or options were rewritten. */
  private tryHandshake(r: number, c: number): boolean {
    const { records } = this.store;
    if ((records.flags[r] & Tcp.ack) !== (records.flags[c] & Tcp.ack)) return false;
    if (!this.isSameHandshake(r, c)) return false;
    const sameSequence = this.identity.sequence(r) === this.identity.sequence(c);
    if (sameSequence && this.identity.acknowledgment(r) !== this.identity.acknowledgment(c)) return false;
    if (!sameSequence) this.rewrites.learnDelta(r, c);
    if (records.ipId[r] !== records.ipId[c]) this.rewrites.learnIdChange(r);
    this.pair(r, c, this.store.records.length[r], true);
    return true;
  }

  /**
   * Recognised by its time stamp; else by IP id or flow label together with the window. A SYN-ACK, which has
   * neither on Linux, is recognised by what it acknowledges (a SYN proxy's own has another window).
   */
  private isSameHandshake(r: number, c: number): boolean {
    const { records } = this.store;
    const stamps = Number(records.timestampValue[r] !== 0) + Number(records.timestampValue[c] !== 0);
    if (stamps === 2) return records.timestampValue[r] === records.timestampValue[c];
    if (records.window[r] !== records.window[c]) return false;
    // Time stamps at one end only: the option was stripped, or this is another SYN.
    if (stamps === 1 && this.identity.sequence(r) !== this.identity.sequence(c)) return false;
    if (this.idsComeOrGo(r, c)) return this.identity.sequence(r) === this.identity.sequence(c);
    if (records.ipId[r] !== 0) return records.ipId[r] === records.ipId[c];
    if (records.flowLabel[r] !== 0) return records.flowLabel[r] === records.flowLabel[c];
    return (
      (records.flags[r] & Tcp.ack) !== 0 &&
      this.identity.acknowledgment(r) === this.identity.acknowledgment(c) &&
      records.optionOrder[r] === records.optionOrder[c]
    );
  }

  /** A pure ACK or bare FIN that differs only in an id which this path is not known to keep. */
  private tryRestamped(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.length[r] !== records.length[c] || records.flags[r] !== records.flags[c]) return false;
    if (
      this.identity.sequence(r) !== this.identity.sequence(c) ||
      this.identity.acknowledgment(r) !== this.identity.acknowledgment(c)
    )
      return false;
    if (records.window[r] !== records.window[c] || !this.identity.sameSack(r, c)) return false;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    if (!this.idsMayDiffer(row) || records.timestampValue[r] === 0) return false;
    if (!this.identity.sameStamp(r, c)) return false;
    this.pair(r, c, this.store.records.length[r], true);
    return true;
  }

  private idsMayDiffer(row: number): boolean {
    const d = this.store.directions.data;
    return d[row + Row.PAIRS] === 0 || d[row + Row.ID_CHANGED] > 0;
  }

  /**
   * A datagram whose id was rewritten, known by its payload; or one without an id of whose payload one tap captured
   * less than the other, known by its length and its turn.
   */
  private tryDatagram(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.length[r] !== records.length[c] || records.digestLength[r] === 0) return false;
    if (records.sequence[r] !== records.sequence[c]) return false;
    const comparable = comparablePayloads(records, r, c);
    if (comparable ? !this.identity.samePayload(r, c) : records.ipId[r] !== 0 || records.ipId[c] !== 0)
      return false;
    if (records.ipId[r] !== records.ipId[c]) {
      // Equal payloads are no rarity; on a path that has been seen to keep ids they are two datagrams.
      const d = this.store.directions.data;
      const row = this.store.direction(records.flow[r], records.direction[r]);
      if (d[row + Row.PAIRS] > 0 && d[row + Row.ID_CHANGED] === 0) return false;
      if (this.isSaidAgain(c)) return false;
      d[row + Row.ID_CHANGED]++;
    }
    this.pair(r, c, this.store.records.length[r], true);
    return true;
  }

  /** Fragments of one datagram that were cut differently, or of one that the other end had whole. */
  private tryFragment(r: number, c: number): boolean {
    const { records } = this.store;
    if (!((records.ipFlags[r] | records.ipFlags[c]) & IpFlag.fragment)) return false;
    if (records.ipId[r] === 0 || records.ipId[r] !== records.ipId[c]) return false;
    const ahead = records.sequence[r] - records.sequence[c];
    const overlap = Math.min(ahead + records.length[r], records.length[c]) - Math.max(ahead, 0);
    if (overlap <= 0) return false;
    this.pair(r, c, overlap, ahead === 0);
    return true;
  }

  /** Data whose ranges overlap and whose ids agree with one having been cut from, or merged with, the other. */
  private tryRange(r: number, c: number): boolean {
    const { records } = this.store;
    const ahead = (this.identity.sequence(r) - this.identity.sequence(c)) | 0;
    const overlap = Math.min(ahead + records.length[r], records.length[c]) - Math.max(ahead, 0);
    // A copy would cover the same bytes a second time.
    if (records.state[c] & State.copy) return false;
    if (overlap <= 0 || !this.identity.sameStamp(r, c)) return false;
    if (!this.idsFit(r, c, ahead)) return false;
    this.pair(r, c, overlap, ahead === 0);
    return true;
  }

  private idsFit(r: number, c: number, ahead: number): boolean {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    if (!directions.data[row + Row.ID_KEPT]) return true;
    if (records.ipId[r] === 0 && records.ipId[c] === 0) return true;
    const step = ((records.ipId[r] - records.ipId[c]) << 16) >> 16;
    if (ahead === 0) {
      if (step === 0) return true;
      if (records.length[r] === records.length[c] && this.idsComeOrGo(r, c)) {
        this.rewrites.learnIdChange(r);
        return true;
      }
      const restamped =
        records.timestampValue[r] !== 0 && records.timestampValue[r] === records.timestampValue[c];
      const first = directions.data[row + Row.PAIRS] === directions.data[row + Row.ID_CHANGED];
      if (restamped && first && records.length[r] === records.length[c]) this.rewrites.learnIdChange(r);
      return restamped && first;
    }
    // Fragments of one segment share its id.
    if ((records.ipFlags[r] | records.ipFlags[c]) & IpFlag.fragment && step === 0) return true;
    const steps = ahead > 0 ? step : -step;
    return steps > 0 && this.couldBeCut(r, Math.abs(ahead), steps);
  }

  /** One of both has an id and the other has none, as nothing of this direction has at its tap: a device gives or takes them. */
  private idsComeOrGo(r: number, c: number): boolean {
    const { records, sides } = this.store;
    if ((records.ipId[r] === 0) === (records.ipId[c] === 0)) return false;
    const bare = records.ipId[r] === 0 ? r : c;
    return (
      sides.data[
        this.store.side(records.flow[bare], records.direction[bare], records.tap[bare]) + Row.IP_ID
      ] < 0
    );
  }

  /**
   * NICs cut and merge segments of one size with consecutive ids, so `steps` ids further on means as many
   * segments further on; the id of a retransmission is further away. Where that gives no whole size, something
   * else merged them, and the usual size decides.
   */
  private couldBeCut(r: number, bytes: number, steps: number): boolean {
    if (bytes % steps === 0 && bytes / steps >= SMALLEST_SEGMENT) return true;
    const { records, directions } = this.store;
    const known = directions.data[this.store.direction(records.flow[r], records.direction[r]) + Row.SEGMENT];
    return steps <= Math.ceil((bytes / (known || DEFAULT_MSS)) * UNEVEN);
  }

  /** The first data of a direction whose numbers a device shifts: known by its payload. */
  private tryShifted(r: number, c: number): boolean {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    if (directions.data[row + Row.DELIVERED_SIZE] > 0) return false;
    if (records.length[r] !== records.length[c] || records.digestLength[r] < SHIFT_DIGEST_BYTES) return false;
    if (!this.identity.samePayload(r, c)) return false;
    if (!this.isSameSending(r, c)) return false;
    if (this.identity.sequence(r) === this.identity.sequence(c)) return false;
    this.rewrites.learnDelta(r, c);
    this.pair(r, c, this.store.records.length[r], true);
    return true;
  }

  /**
   * Applications repeat themselves on other connections, but an IP id, time stamp or flow label does not come
   * again there. Within a connection a flow label does: it tells only at its beginning, which a capture that
   * began later does not have.
   */
  private isSameSending(r: number, c: number): boolean {
    const { records } = this.store;
    if (records.ipId[r] !== 0 || records.ipId[c] !== 0) return records.ipId[r] === records.ipId[c];
    const [a, b] = [records.timestampValue[r], records.timestampValue[c]];
    if (a !== 0 && b !== 0) return a === b;
    if (!this.sawBeginning(r) || !this.sawBeginning(c)) return false;
    return records.flowLabel[r] !== 0 && records.flowLabel[r] === records.flowLabel[c];
  }

  private sawBeginning(r: number): boolean {
    const { records, sides } = this.store;
    const side = this.store.side(records.flow[r], records.direction[r], records.tap[r]);
    return sides.data[side + Row.SYN_OPTIONS] >= 0;
  }

  /** Another datagram with the same payload waits beside it; only the id could tell which is meant. */
  private isSaidAgain(c: number): boolean {
    const { records, sides } = this.store;
    let other = sides.data[this.store.side(records.flow[c], records.direction[c], records.tap[c]) + Row.HEAD];
    for (let steps = 0; other >= 0 && steps < SCAN_LIMIT; other = records.nextWaiting[other], steps++) {
      if (other !== c && records.length[other] === records.length[c] && this.identity.samePayload(other, c))
        return true;
    }
    return false;
  }
}
