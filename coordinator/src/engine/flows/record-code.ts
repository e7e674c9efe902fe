import { Tcp } from '@bothends/proto';
import { type Records, State } from './records.js';
import type { RowReader, RowWriter } from './row-code.js';

/** Columns of whole numbers that every record has. */
const ALWAYS = [
  'state',
  'tap',
  'direction',
  'sequence',
  'acknowledgment',
  'length',
  'covered',
  'ipLength',
  'ipVersion',
  'ipId',
  'ipFlags',
  'timestampValue',
  'timestampEcho',
  'flags',
  'window',
  'options',
  'sackCount',
  'sackDigest',
  'ttl',
  'tos',
  'flowLabel',
  'digestHigh',
  'digestLow',
  'digestLength',
  'checksum',
  'cut',
  'packetType',
  'ifindex',
  'sourceMac',
  'destinationMac',
  'peerTtl',
  'peerType',
  'peerIfindex',
  'tlsRecord',
  'dnsFlags',
  'dnsType',
  'httpKind',
] as const;

/** Those that mean something in a SYN only, in a packet with a hint of its application, in an ICMP error. */
const SYN = ['optionOrder', 'mss', 'wscale'] as const;
const HINTS = [
  'tlsHandshake',
  'tlsAlertLevel',
  'tlsAlert',
  'dnsId',
  'nameLow',
  'httpStatus',
  'httpLength',
  'httpHeadLength',
] as const;
const ICMP = ['icmpType', 'icmpCode', 'icmpMtu'] as const;

/** Words of the address that sent an ICMP error. */
const SOURCE_WORDS = 4;

type WholeColumn = Uint8Array | Uint16Array | Uint32Array | Int32Array;

/**
 * Writes packet records one after the other into few bytes, each as it differs from the one before, and makes them again:
 * all that is known of a packet, but neither its flow nor what ties it to other records.
 */
export class RecordCode {
  private readonly records: Records;
  /** A record without anything: what the first one, and what not every record has, is written as different from. */
  private readonly nothing: number;
  /** The record written or made last, and its match's number and time less its own. */
  private last: number;
  private numberAhead = 0;
  private timeAhead = 0;
  private always: WholeColumn[] = [];
  private syn: WholeColumn[] = [];
  private hints: WholeColumn[] = [];
  private icmp: WholeColumn[] = [];

  constructor(records: Records) {
    this.records = records;
    this.nothing = records.take();
    this.last = this.nothing;
  }

  /** Before the first record of a flow. */
  restart(): void {
    this.last = this.nothing;
    this.numberAhead = 0;
    this.timeAhead = 0;
    // Columns move when there have to be more records.
    const { records } = this;
    if (this.always[0] === records[ALWAYS[0]]) return;
    this.always = ALWAYS.map((name) => records[name]);
    this.syn = SYN.map((name) => records[name]);
    this.hints = HINTS.map((name) => records[name]);
    this.icmp = ICMP.map((name) => records[name]);
  }

  write(writer: RowWriter, r: number): void {
    const { records, last, nothing } = this;
    const { number, time } = records;
    writer.near(number[r], number[last]);
    writer.near(time[r], time[last]);
    writeWhole(writer, this.always, r, last);
    if (hasGap(records, r)) writer.near(records.gap[r], 0);
    if (records.peer[r] >= 0) {
      writer.near(records.peerNumber[r], number[r] + this.numberAhead);
      writer.near(records.peerTime[r], time[r] + this.timeAhead);
      this.learn(r);
    }
    if (records.flags[r] & Tcp.syn) writeWhole(writer, this.syn, r, nothing);
    if (hasHint(records, r)) writeWhole(writer, this.hints, r, nothing);
    if (records.state[r] & State.icmpError) {
      writeWhole(writer, this.icmp, r, nothing);
      for (let i = 0; i < SOURCE_WORDS; i++) writer.number(records.icmpSource[r * SOURCE_WORDS + i]);
    }
    this.last = r;
  }

  /** Fills a record that was taken, whose `peer` says already whether it has a match. */
  read(reader: RowReader, r: number): void {
    const { records, last, nothing } = this;
    const { number, time } = records;
    number[r] = reader.near(number[last]);
    time[r] = reader.near(time[last]);
    readWhole(reader, this.always, r, last);
    records.gap[r] = hasGap(records, r) ? reader.near(0) : 0;
    if (records.peer[r] >= 0) {
      records.peerNumber[r] = reader.near(number[r] + this.numberAhead);
      records.peerTime[r] = reader.near(time[r] + this.timeAhead);
      this.learn(r);
    }
    if (records.flags[r] & Tcp.syn) readWhole(reader, this.syn, r, nothing);
    if (hasHint(records, r)) readWhole(reader, this.hints, r, nothing);
    if (records.state[r] & State.icmpError) {
      readWhole(reader, this.icmp, r, nothing);
      for (let i = 0; i < SOURCE_WORDS; i++) records.icmpSource[r * SOURCE_WORDS + i] = reader.number();
    }
    this.last = r;
  }

  private learn(r: number): void {
    const { peerNumber, number, peerTime, time } = this.records;
    this.numberAhead = peerNumber[r] - number[r];
    this.timeAhead = peerTime[r] - time[r];
  }
}

function hasGap({ state }: Records, r: number): boolean {
  return (state[r] & (State.afterIdle | State.lateFill)) !== 0;
}

function hasHint({ tlsRecord, dnsFlags, dnsType, httpKind }: Records, r: number): boolean {
  return (tlsRecord[r] | dnsFlags[r] | dnsType[r] | httpKind[r]) !== 0;
}

function writeWhole(writer: RowWriter, columns: readonly WholeColumn[], r: number, like: number): void {
  let last = -1;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as WholeColumn;
    const difference = column[r] - column[like];
    if (difference === 0) continue;
    writer.number(i - last);
    writer.signed(difference);
    last = i;
  }
  writer.number(0);
}

function readWhole(reader: RowReader, columns: readonly WholeColumn[], r: number, like: number): void {
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as WholeColumn;
    column[r] = column[like];
  }
  let i = -1;
  for (let step = reader.number(); step !== 0; step = reader.number()) {
    i += step;
    const column = columns[i] as WholeColumn;
    column[r] = column[r] + reader.signed();
  }
}
