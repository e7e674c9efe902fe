import { Checksum, Http, NO_LENGTH, Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import { Holes } from './holes.js';
import { SentAgain } from './sent-again.js';

/** A pause worth remembering as idle: an order of magnitude above round trips and delayed ACKs. */
export const IDLE_NS = 500_000_000;

/** Packets kept after a RST at each tap: its consequences and whoever lives on. */
const AFTERMATH = 24;

/** Hints (TLS, HTTP, DNS) kept per flow beside its handshake, FINs and RSTs. */
const HINT_LIMIT = 64;

/** Retransmissions kept whole per flow, as examples. */
const REPEAT_LIMIT = 96;

/** A hole filled sooner was swapped by the capture: taps swap neighbours by 3–5 µs, ten times that is safe. */
const LATE_NS = 50_000;

/** Packets with a wrong checksum kept per direction and tap, as examples. */
const BAD_KEPT = 4;

/** An IP id less than this behind the newest was given before it; further behind, the counter may have wrapped. */
export const ID_WINDOW = 0x1000;

/** Payload below this, the smallest common segment (RFC 879's 536 and one), was not merged of several. */
export const MERGED_FROM = 537;

/** Largest segment assumed where no SYN was seen: 1500-byte Ethernet without options. */
export const DEFAULT_MSS = 1460;
/** Bytes that the time stamps option takes from every segment (RFC 7323, padded). */
export const TIMESTAMP_BYTES = 12;

/** Keeps what one tap saw of one direction up to date, and decides which packets verdicts may need later. */
export class Observer {
  private readonly store: FlowStore;
  private readonly holes = new Holes();
  private readonly sentAgain = new SentAgain();

  constructor(store: FlowStore) {
    this.store = store;
  }

  /** Called for each record before it is matched. */
  observe(r: number): void {
    const { records, sides } = this.store;
    const flow = records.flow[r];
    const tap = records.tap[r];
    const row = this.store.side(flow, records.direction[r], tap);
    const s = sides.data;
    s[row + Row.PACKETS]++;
    s[row + Row.BYTES] += records.length[r];
    const time = records.time[r];
    if (!(s[row + Row.FIRST_TIME] <= time)) s[row + Row.FIRST_TIME] = time;
    s[row + Row.LAST_TIME] = time;
    const segments = this.segmentsOf(r);
    s[row + Row.SEGMENTS] += segments;
    this.observeNetwork(r, row, segments);
    if (this.store.table.protocol(flow) === 6) {
      this.observeTcp(r, row);
      if (records.httpKind[r] !== 0) this.observeHttp(r, row);
    }
    if (records.length[r] > 0) this.observeData(r, row);
    this.observeIdle(r);
    this.keepWhatMatters(r);
  }

  /** Wire segments in a record: a NIC may have merged or not yet cut them. The fragments of a datagram count once. */
  segmentsOf(r: number): number {
    const { records } = this.store;
    if (records.flags[r] === 0 && records.sequence[r] > 0) return 0;
    const length = records.length[r];
    if (length < MERGED_FROM || records.flags[r] === 0) return 1;
    return this.segments(length, records.flow[r], records.direction[r], records.timestampValue[r] !== 0);
  }

  /** Wire segments that so many bytes of payload take in a direction; `stamped`: with TCP time stamps. */
  segments(length: number, flow: number, direction: number, stamped: boolean): number {
    return Math.ceil(length / this.segmentSize(flow, direction, stamped));
  }

  /** Payload bytes of a full segment of a direction: the smaller MSS of both SYNs, less time stamps. */
  segmentSize(flow: number, direction: number, stamped: boolean): number {
    const known = this.store.directions.data[this.store.direction(flow, direction) + Row.SEGMENT];
    return Math.max(1, (known || DEFAULT_MSS) - (stamped ? TIMESTAMP_BYTES : 0));
  }

  private learnSegment(flow: number, mss: number): void {
    const d = this.store.directions.data;
    for (let direction = 0; direction < 2; direction++) {
      const word = this.store.direction(flow, direction) + Row.SEGMENT;
      if (mss > 0 && (d[word] === 0 || mss < d[word])) d[word] = mss;
    }
  }

  private observeNetwork(r: number, row: number, segments: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    if (records.packetType[r] === 4) s[row + Row.OUTGOING] = 1;
    if (records.checksum[r] === Checksum.bad && ++s[row + Row.BAD_CHECKSUMS] <= BAD_KEPT) this.store.note(r);
    if (records.flags[r] & Tcp.rst) return;
    if (s[row + Row.TTL] < 0) {
      s[row + Row.TTL] = records.ttl[r];
      s[row + Row.TOS] = records.tos[r];
    }
    s[row + Row.LABEL] = records.flowLabel[r];
    const id = records.ipId[r];
    // A later fragment has the id of the first.
    if (id === 0 || segments === 0) return;
    const last = s[row + Row.IP_ID];
    if (last >= 0) {
      if (((last - id) & 0xffff) < ID_WINDOW) {
        records.state[r] |= State.oldId;
        s[row + Row.ID_BREAKS]++;
        return;
      }
      const step = (id - last) & 0xffff;
      if (step === (s[row + Row.LAST_SEGMENTS] & 0xffff)) s[row + Row.ID_STEPS]++;
      else s[row + Row.ID_BREAKS]++;
    }
    s[row + Row.IP_ID] = id;
    s[row + Row.LAST_SEGMENTS] = segments;
  }

  private observeTcp(r: number, row: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    const flags = records.flags[r];
    if (flags & Tcp.rst) return;
    if (flags & Tcp.syn) {
      const initiator = flags & Tcp.ack ? 1 - records.direction[r] : records.direction[r];
      const flowRow = this.store.flow(records.flow[r]) + Row.INITIATOR;
      if (this.store.flows.data[flowRow] < 0) this.store.flows.data[flowRow] = initiator;
      s[row + Row.MSS] = records.mss[r] || -1;
      this.learnSegment(records.flow[r], records.mss[r]);
      s[row + Row.WSCALE] = records.wscale[r] === 255 ? -1 : records.wscale[r];
      s[row + Row.SYN_OPTIONS] = records.options[r];
    }
    if (flags & Tcp.ack) this.observeWindow(r, row);
    if (records.timestampValue[r] !== 0) s[row + Row.TSVAL] = records.timestampValue[r];
    this.observeSequence(r, row);
  }

  private observeWindow(r: number, row: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    s[row + Row.LAST_ACK] = records.acknowledgment[r];
    const window = records.window[r];
    s[row + Row.WINDOW] = window;
    const since = s[row + Row.ZERO_SINCE];
    // A SYN-ACK with window 0 is a SYN proxy holding the client back, not a slow reader.
    if (window === 0 && !(records.flags[r] & Tcp.syn)) {
      if (Number.isNaN(since)) {
        s[row + Row.ZERO_SINCE] = records.time[r];
        this.store.note(r);
      }
    } else if (!Number.isNaN(since)) {
      s[row + Row.ZERO_TOTAL] += records.time[r] - since;
      s[row + Row.ZERO_SINCE] = Number.NaN;
      this.store.note(r);
    }
  }

  private observeSequence(r: number, row: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    const flags = records.flags[r];
    const first = records.sequence[r];
    const extent = records.length[r] + (flags & Tcp.syn ? 1 : 0) + (flags & Tcp.fin ? 1 : 0);
    const fresh = s[row + Row.SEQ_BASE] < 0 || (flags & Tcp.syn && s[row + Row.SEQ_BASE] !== first);
    if (fresh) {
      s[row + Row.SEQ_BASE] = first;
      s[row + Row.SEQ_END] = extent;
      s[row + Row.FIN_END] = flags & Tcp.fin ? extent : Number.NaN;
      return;
    }
    const highest = s[row + Row.SEQ_END];
    const ahead = (first - (s[row + Row.SEQ_BASE] + highest)) | 0;
    const end = highest + ahead + extent;
    if (ahead > 0) {
      this.holes.skip(this.sideNumber(r), highest, highest + ahead, records.time[r]);
      s[row + Row.HOLE_TIME] = records.time[r];
    }
    if (records.length[r] > 0 && end <= highest) {
      s[row + Row.REPEATS]++;
      records.state[r] |= State.repeat;
      this.sentAgain.note(this.sideNumber(r), records.number[r], first, records.length[r]);
      this.fillHole(r, row, highest + ahead, end);
      this.keepRepeat(r);
    }
    if (end > highest) s[row + Row.SEQ_END] = end;
    if (flags & Tcp.fin) s[row + Row.FIN_END] = end;
  }

  private sideNumber(r: number): number {
    const { records } = this.store;
    return numberOfSide(records.flow[r], records.direction[r], records.tap[r]);
  }

  /** Retransmissions that a tap saw in a direction of a flow, one after the other. */
  retransmissions(
    flow: number,
    direction: number,
    tap: number,
    tell: (number: number, sequence: number, length: number) => void,
  ): void {
    this.sentAgain.each(numberOfSide(flow, direction, tap), tell);
  }

  private fillHole(r: number, row: number, begin: number, end: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    const time = records.time[r];
    const age = this.holes.fill(this.sideNumber(r), begin, end, time);
    if (age !== null && age > LATE_NS) {
      s[row + Row.LATE_FILLS]++;
      records.gap[r] = age;
      records.state[r] |= State.lateFill;
    }
    // Not every hole of a burst may have been kept: right after one nothing is called overdue, nor is what lies before the
    // first byte that this tap saw.
    if (age === null && begin >= 0 && time - s[row + Row.HOLE_TIME] > LATE_NS)
      records.state[r] |= State.overdue;
  }

  private keepRepeat(r: number): void {
    const f = this.store.flows.data;
    const kept = this.store.flow(this.store.records.flow[r]) + Row.REPEATS_KEPT;
    if (f[kept] < REPEAT_LIMIT && this.store.note(r)) f[kept]++;
  }

  private observeData(r: number, row: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    const time = records.time[r];
    // A retransmission neither asks nor answers anything new, but where it fills a hole.
    if ((records.state[r] & (State.repeat | State.lateFill)) === State.repeat) return;
    const before = s[row + Row.DATA_TIME];
    const opposite = this.store.side(records.flow[r], 1 - records.direction[r], records.tap[r]);
    const asked = s[opposite + Row.DATA_TIME];
    if (asked > before || (Number.isNaN(before) && !Number.isNaN(asked))) {
      const wait = time - asked;
      s[row + Row.TURNS]++;
      s[row + Row.TURN_TOTAL] += wait;
      if (wait > s[row + Row.TURN_LONGEST]) s[row + Row.TURN_LONGEST] = wait;
    }
    if (Number.isNaN(before)) this.store.note(r);
    s[row + Row.DATA_TIME] = time;
    if (records.length[r] > s[row + Row.LARGEST]) s[row + Row.LARGEST] = records.length[r];
  }

  /** Where the body of a response has to end. What stands inside an unfinished body is no head, whatever it looks like. */
  private observeHttp(r: number, row: number): void {
    const { records, sides } = this.store;
    const s = sides.data;
    if (records.httpKind[r] !== Http.response) {
      s[row + Row.HTTP_HEAD] = records.httpKind[r] === Http.head ? 1 : 0;
      return;
    }
    const end = s[row + Row.SEQ_END];
    const begin = end + ((records.sequence[r] - (s[row + Row.SEQ_BASE] + end)) | 0);
    if (begin < s[row + Row.HTTP_DUE]) return;
    const request = this.store.side(records.flow[r], 1 - records.direction[r], records.tap[r]);
    const status = records.httpStatus[r];
    const bodiless = s[request + Row.HTTP_HEAD] === 1 || status < 200 || status === 204 || status === 304;
    const declared = bodiless ? NO_LENGTH : records.httpLength[r];
    s[row + Row.HTTP_DUE] =
      declared === NO_LENGTH ? Number.NaN : begin + records.httpHeadLength[r] + declared;
  }

  private observeIdle(r: number): void {
    const { records, flows } = this.store;
    const row = this.store.flow(records.flow[r]);
    const f = flows.data;
    const last = row + (records.tap[r] === 0 ? Row.LAST_SEEN_0 : Row.LAST_SEEN_1);
    const gap = records.time[r] - f[last];
    f[last] = records.time[r];
    if (!(gap >= IDLE_NS)) return;
    records.state[r] |= State.afterIdle;
    records.gap[r] = gap;
    if (this.hasRoom(row)) this.store.note(r);
  }

  /** Retransmissions do not use up the room of hints. */
  private hasRoom(row: number): boolean {
    const f = this.store.flows.data;
    return f[row + Row.NOTABLE] - f[row + Row.REPEATS_KEPT] < HINT_LIMIT;
  }

  private keepWhatMatters(r: number): void {
    const { records, flows } = this.store;
    const row = this.store.flow(records.flow[r]);
    const f = flows.data;
    const aftermath = row + (records.tap[r] === 0 ? Row.AFTERMATH_0 : Row.AFTERMATH_1);
    if (records.flags[r] & Tcp.rst) {
      f[row + Row.RESETS]++;
      f[row + (records.tap[r] === 0 ? Row.RESETS_0 : Row.RESETS_1)]++;
      f[aftermath] = AFTERMATH;
      for (let tap = 0; tap < 2; tap++)
        for (const c of this.store.recent(records.flow[r], tap)) this.store.note(c);
      f[row + (records.tap[r] === 0 ? Row.AFTERMATH_1 : Row.AFTERMATH_0)] = AFTERMATH;
      this.store.note(r);
      return;
    }
    if (f[aftermath] > 0) {
      f[aftermath]--;
      this.store.note(r);
      return;
    }
    if (records.flags[r] & (Tcp.syn | Tcp.fin)) this.store.note(r);
    else if (isHint(records, r) && this.hasRoom(row)) this.store.note(r);
  }
}

/** Numbers the sides of all flows, wherever their rows are. */
function numberOfSide(flow: number, direction: number, tap: number): number {
  return flow * 4 + direction * 2 + tap;
}

function isHint(records: FlowStore['records'], r: number): boolean {
  const handshake = records.tlsHandshake[r];
  return (
    records.tlsRecord[r] === 21 ||
    (records.tlsRecord[r] === 22 && (handshake === 1 || handshake === 2)) ||
    records.httpKind[r] !== 0 ||
    records.dnsFlags[r] !== 0 ||
    records.dnsType[r] !== 0
  );
}
