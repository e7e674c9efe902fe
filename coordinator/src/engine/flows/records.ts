import { Mark, type PacketTable, Tcp } from '@bothends/proto';
import { grown } from './growth.js';

/** Records to make room for at first (typical traffic in flight needs fewer). */
const INITIAL_RECORDS = 4096;

/** All columns together, nearly. */
const RECORD_BYTES = 200;

/** Bits of `state`. */
export const State = {
  /** Every byte of it was found at the other tap. */
  matched: 1,
  /** Kept because a verdict may rest on it. */
  notable: 2,
  /** One of its taps captured it on another interface, too. */
  doubled: 4,
  /** Waits in the ring of matched records, so that a copy of it is recognised. */
  retired: 8,
  /** Matched, but the payload differs. */
  altered: 16,
  /** A copy of a packet already matched. */
  copy: 32,
  /** First packet after an idle gap of its flow (see `gap`). */
  afterIdle: 64,
  /** Carries only bytes that its tap had seen before. */
  repeat: 128,
  /** An ICMP error about the flow, not a packet of it. */
  icmpError: 256,
  /** Went by the flow's other tuple (address translation) at its own tap; at the tap of its match. */
  translated: 4096,
  peerTranslated: 8192,
  /** Findable by identity among the waiting. */
  indexed: 16384,
  /** Fills a hole that its tap had seen the sender skip well before. */
  lateFill: 512,
  /** Carries bytes that its tap had all seen before, no hole being open: a retransmission, a copy, or badly late. */
  overdue: 1024,
  /** Doubled with its TTL kept: the host of that tap passes packets on as a bridge does. */
  bridged: 32768,
  /** Its IP id is not newer than the newest of its direction at its tap: no transmission of its own. */
  oldId: 2048,
} as const;

/**
 * Packets in flight: those not yet matched, the recent ones of each flow, and the notable ones. A slab of
 * columns with a free list, so that memory follows what is in flight and not the size of the capture.
 */
export class Records {
  capacity = INITIAL_RECORDS;
  live = 0;
  /** Some records' payload digests are as today, some as in the release before; see PacketTable.prefixDigests. */
  hasPrefixDigests = false;
  hasWholeDigests = false;
  /** First of the records that were let go of; -1: none. */
  freeHead = -1;
  /** Records ever taken at a time: what is beyond was never touched. */
  extent = 0;

  flow = new Int32Array(INITIAL_RECORDS);
  direction = new Uint8Array(INITIAL_RECORDS);
  tap = new Uint8Array(INITIAL_RECORDS);
  state = new Uint16Array(INITIAL_RECORDS);
  /** Number at its tap, from 1. */
  number = new Float64Array(INITIAL_RECORDS);
  time = new Float64Array(INITIAL_RECORDS);
  /** Idle time of the flow before it, ns, where state has afterIdle; else age of the hole that a lateFill fills. */
  gap = new Float64Array(INITIAL_RECORDS);
  sequence = new Uint32Array(INITIAL_RECORDS);
  acknowledgment = new Uint32Array(INITIAL_RECORDS);
  /** Payload bytes, and how many of them the other tap saw. */
  length = new Uint32Array(INITIAL_RECORDS);
  covered = new Uint32Array(INITIAL_RECORDS);
  ipLength = new Uint32Array(INITIAL_RECORDS);
  ipVersion = new Uint8Array(INITIAL_RECORDS);
  ipId = new Uint32Array(INITIAL_RECORDS);
  ipFlags = new Uint8Array(INITIAL_RECORDS);
  timestampValue = new Uint32Array(INITIAL_RECORDS);
  timestampEcho = new Uint32Array(INITIAL_RECORDS);
  flags = new Uint16Array(INITIAL_RECORDS);
  window = new Uint16Array(INITIAL_RECORDS);
  options = new Uint16Array(INITIAL_RECORDS);
  optionOrder = new Uint32Array(INITIAL_RECORDS);
  mss = new Uint16Array(INITIAL_RECORDS);
  wscale = new Uint8Array(INITIAL_RECORDS);
  sackCount = new Uint8Array(INITIAL_RECORDS);
  sackDigest = new Uint32Array(INITIAL_RECORDS);
  ttl = new Uint8Array(INITIAL_RECORDS);
  tos = new Uint8Array(INITIAL_RECORDS);
  flowLabel = new Uint32Array(INITIAL_RECORDS);
  digestHigh = new Uint32Array(INITIAL_RECORDS);
  digestLow = new Uint32Array(INITIAL_RECORDS);
  digestLength = new Uint8Array(INITIAL_RECORDS);
  checksum = new Uint8Array(INITIAL_RECORDS);
  /** 1 where the snaplen cut a header or an option: what is not there is unknown then. */
  cut = new Uint8Array(INITIAL_RECORDS);
  packetType = new Uint8Array(INITIAL_RECORDS);
  ifindex = new Int32Array(INITIAL_RECORDS);
  sourceMac = new Uint32Array(INITIAL_RECORDS);
  destinationMac = new Uint32Array(INITIAL_RECORDS);
  tlsRecord = new Uint8Array(INITIAL_RECORDS);
  tlsHandshake = new Uint8Array(INITIAL_RECORDS);
  tlsAlertLevel = new Uint8Array(INITIAL_RECORDS);
  tlsAlert = new Uint8Array(INITIAL_RECORDS);
  dnsId = new Uint16Array(INITIAL_RECORDS);
  dnsFlags = new Uint16Array(INITIAL_RECORDS);
  dnsType = new Uint16Array(INITIAL_RECORDS);
  nameLow = new Uint32Array(INITIAL_RECORDS);
  httpKind = new Uint8Array(INITIAL_RECORDS);
  httpStatus = new Uint16Array(INITIAL_RECORDS);
  httpLength = new Uint32Array(INITIAL_RECORDS);
  httpHeadLength = new Uint16Array(INITIAL_RECORDS);
  /** ICMP errors only: type, code, next-hop MTU, and the four words of who sent it. */
  icmpType = new Uint8Array(INITIAL_RECORDS);
  icmpCode = new Uint8Array(INITIAL_RECORDS);
  icmpMtu = new Uint32Array(INITIAL_RECORDS);
  icmpSource = new Uint32Array(INITIAL_RECORDS * 4);

  /** Links: matched record at the other tap (the aligned one, when several), unmatched list, hash chain. */
  peer = new Int32Array(INITIAL_RECORDS);
  /** Number, time (that tap's clock) and TTL of the matched packet, so that they outlive its record. */
  peerNumber = new Float64Array(INITIAL_RECORDS);
  peerTime = new Float64Array(INITIAL_RECORDS);
  peerTtl = new Uint8Array(INITIAL_RECORDS);
  peerType = new Uint8Array(INITIAL_RECORDS);
  peerIfindex = new Int32Array(INITIAL_RECORDS);
  /** Rings of recent records that it stands in. */
  holds = new Uint8Array(INITIAL_RECORDS);
  previousWaiting = new Int32Array(INITIAL_RECORDS);
  nextWaiting = new Int32Array(INITIAL_RECORDS);
  nextNotable = new Int32Array(INITIAL_RECORDS);
  nextInBucket = new Int32Array(INITIAL_RECORDS);
  hash = new Int32Array(INITIAL_RECORDS);

  /** A record filled from row `row` of `table`. */
  allocate(table: PacketTable, row: number): number {
    const r = this.take();
    this.state[r] = 0;
    this.covered[r] = 0;
    this.gap[r] = 0;
    this.fillNetwork(r, table, row);
    if (table.protocol[row] === 6) this.fillTcp(r, table, row);
    else this.fillDatagram(r, table, row);
    this.fillHints(r, table, row);
    return r;
  }

  /** Says which packet of which tap a record is; `time` in ns of the tap's clock. */
  place(r: number, flow: number, direction: number, tap: number, number: number, time: number): void {
    this.flow[r] = flow;
    this.direction[r] = direction;
    this.tap[r] = tap;
    this.number[r] = number;
    this.time[r] = time;
  }

  /** A record that nothing holds, without a match; its other columns are the caller's to fill. */
  take(): number {
    let r = this.freeHead;
    if (r >= 0) this.freeHead = this.nextWaiting[r];
    else {
      if (this.extent === this.capacity) this.grow();
      r = this.extent++;
      this.flow[r] = -1;
    }
    this.live++;
    this.peer[r] = -1;
    this.holds[r] = 0;
    return r;
  }

  release(r: number): void {
    this.state[r] = 0;
    this.flow[r] = -1;
    this.nextWaiting[r] = this.freeHead;
    this.freeHead = r;
    this.live--;
  }

  private fillNetwork(r: number, t: PacketTable, i: number): void {
    this.length[r] = t.payloadLength[i];
    this.ipLength[r] = t.ipLength[i];
    this.ipVersion[r] = t.ipVersion[i];
    this.ipId[r] = t.ipVersion[i] === 4 ? t.ipId[i] : 0;
    this.ipFlags[r] = t.ipFlags[i];
    this.ttl[r] = t.ttl[i];
    this.tos[r] = t.tos[i];
    this.flowLabel[r] = t.ipVersion[i] === 6 ? t.flowLabel[i] : 0;
    this.digestHigh[r] = t.digestHigh[i];
    this.digestLow[r] = t.digestLow[i];
    this.digestLength[r] = t.digestLength[i];
    this.checksum[r] = t.checksum[i];
    this.cut[r] = t.marks[i] & Mark.cut;
    this.packetType[r] = t.packetType[i];
    this.ifindex[r] = t.ifindex[i];
    this.sourceMac[r] = t.sourceMac[i];
    this.destinationMac[r] = t.destinationMac[i];
  }

  private fillTcp(r: number, t: PacketTable, i: number): void {
    this.sequence[r] = t.sequence[i];
    this.acknowledgment[r] = t.acknowledgment[i];
    this.flags[r] = t.tcpFlags[i];
    this.window[r] = t.window[i];
    this.options[r] = t.tcpOptions[i];
    if (t.tcpFlags[i] & Tcp.syn) {
      this.optionOrder[r] = t.tcpOptionOrder[i];
      this.mss[r] = t.mss[i];
      this.wscale[r] = t.wscale[i];
    }
    const stamped = (t.tcpOptions[i] & 16) !== 0;
    this.timestampValue[r] = stamped ? t.timestampValue[i] : 0;
    this.timestampEcho[r] = stamped ? t.timestampEcho[i] : 0;
    this.sackCount[r] = t.sackCount[i];
    this.sackDigest[r] = sackDigest(t, i);
  }

  private fillDatagram(r: number, t: PacketTable, i: number): void {
    // Of a fragment, where in its datagram the payload belongs.
    this.sequence[r] = t.fragmentOffset[i] === 0 ? 0 : t.sequence[i];
    this.acknowledgment[r] = 0;
    this.flags[r] = 0;
    this.window[r] = 0;
    this.options[r] = 0;
    this.timestampValue[r] = 0;
    this.timestampEcho[r] = 0;
    this.sackCount[r] = 0;
    this.sackDigest[r] = 0;
    if (t.protocol[i] === 17) return;
    this.icmpType[r] = t.icmpType[i];
    this.icmpCode[r] = t.icmpCode[i];
    this.icmpMtu[r] = t.icmpMtu[i];
    for (let k = 0; k < 4; k++) this.icmpSource[r * 4 + k] = t.source[i * 4 + k];
  }

  /** Where there is no hint, what says so is written and the rest left as it was. */
  private fillHints(r: number, t: PacketTable, i: number): void {
    this.tlsRecord[r] = t.tlsRecord[i];
    this.dnsFlags[r] = t.dnsFlags[i];
    this.dnsType[r] = t.dnsType[i];
    this.httpKind[r] = t.httpKind[i];
    if ((t.tlsRecord[i] | t.dnsFlags[i] | t.dnsType[i] | t.httpKind[i]) === 0) return;
    this.tlsHandshake[r] = t.tlsHandshake[i];
    this.tlsAlertLevel[r] = t.tlsAlertLevel[i];
    this.tlsAlert[r] = t.tlsAlert[i];
    this.dnsId[r] = t.dnsId[i];
    this.nameLow[r] = t.nameLow[i];
    this.httpStatus[r] = t.httpStatus[i];
    this.httpLength[r] = t.httpLength[i];
    this.httpHeadLength[r] = t.httpHeadLength[i];
  }

  private grow(): void {
    const before = this.capacity;
    this.capacity = grown(before, RECORD_BYTES);
    const self = this as unknown as Record<string, unknown>;
    for (const name of Object.keys(self)) {
      const column = self[name];
      if (!ArrayBuffer.isView(column)) continue;
      const array = column as Float64Array;
      const larger = new (array.constructor as Float64ArrayConstructor)(
        (array.length / before) * this.capacity,
      );
      larger.set(array);
      self[name] = larger;
    }
  }
}

/** One number for the edges of a row's SACK blocks, 0 for none. */
export function sackDigest({ sackCount, sack }: PacketTable, i: number): number {
  let digest = 0;
  for (let k = 0; k < sackCount[i] * 2; k++) digest = (Math.imul(digest, 31) + sack[i * 8 + k]) >>> 0;
  return digest;
}
