import { setInterval as every } from 'node:timers';
import type { CaptureSource, OpenOptions, Probe, Tap, TapStats } from '@bothends/agent';
import { TableQueue } from '@bothends/agent/capture/table-queue';
import { Layer, type PacketTable, Tcp } from '@bothends/proto';

/** Packets are made this often: as old as tcpdump's may get before their table goes on. */
const TURN_MS = 50;
/** Tables that go round between maker and consumer. */
const TABLES = 4;
const MSS = 1448;
const PROTOCOL_TCP = 6;
const FIRST_PORT = 20_000;
const SERVER_PORT = 443;

export interface PacedOptions {
  /** Packets per second of one tap. */
  readonly rate: number;
  /** Tells the connections of one capture from those of others: part of both addresses. */
  readonly capture: number;
  /** Connections that take turns. Default 1. */
  readonly flows?: number;
  /** Which end of the connections the tap is at. */
  readonly end: 'client' | 'server';
  /** Epoch ns. */
  readonly nowNs: () => bigint;
}

/** Makes the packets of bulk transfers at a steady rate; both ends of a capture make the same ones. */
export class PacedSource implements CaptureSource {
  readonly name = 'tcpdump';
  /** Packets of all taps so far. */
  made = 0;
  readonly #options: PacedOptions;

  constructor(options: PacedOptions) {
    this.#options = options;
  }

  async probe(): Promise<Probe> {
    return { available: true, reason: '', version: 'paced' };
  }

  async open(_options: OpenOptions): Promise<Tap> {
    return new PacedTap(this.#options, (packets) => {
      this.made += packets;
    });
  }
}

class PacedTap implements Tap {
  readonly backEnd = 'tcpdump';
  readonly timestamps = 'kernel';
  readonly ringBytes = 0;
  readonly #options: PacedOptions;
  readonly #queue = new TableQueue(TABLES, () => undefined);
  readonly #timer: NodeJS.Timeout;
  readonly #count: (packets: number) => void;
  #packets = 0;

  constructor(options: PacedOptions, count: (packets: number) => void) {
    this.#options = options;
    this.#count = count;
    this.#timer = every(() => this.#turn(), TURN_MS);
  }

  async stats(): Promise<TapStats> {
    return { packets: this.#packets, kernelDrops: 0, agentDrops: 0 };
  }

  async close(): Promise<TapStats> {
    clearInterval(this.#timer);
    this.#queue.end(null);
    return this.stats();
  }

  [Symbol.asyncIterator](): AsyncIterator<PacketTable> {
    return this.#queue[Symbol.asyncIterator]();
  }

  /** A turn whose tables are all in use makes nothing: a source that is behind slows down. */
  #turn(): void {
    const { rate, nowNs } = this.#options;
    const endNs = nowNs();
    const packets = Math.round((rate * TURN_MS) / 1000);
    for (let i = 0; i < packets; i++) {
      const table = this.#queue.filling();
      if (table === null) return;
      this.#write(
        table,
        endNs - BigInt(TURN_MS * 1_000_000) + BigInt(Math.floor((i * TURN_MS * 1e6) / packets)),
      );
      this.#packets++;
      this.#count(1);
    }
    this.#queue.flush();
  }

  /** Packet n: two segments from the server, then the client's acknowledgment. */
  #write(table: PacketTable, timeNs: bigint): void {
    const { capture, end, flows = 1 } = this.#options;
    const flow = this.#packets % flows;
    const n = Math.floor(this.#packets / flows);
    const data = n % 3 < 2;
    const row = table.length++;
    if (row === 0) table.baseNs = timeNs;
    table.time[row] = Number(timeNs - table.baseNs);
    table.layer[row] = Layer.transport;
    table.wireLength[row] = data ? MSS + 66 : 66;
    table.capturedLength[row] = data ? 192 : 66;
    table.packetType[row] = data === (end === 'server') ? 4 : 0;
    table.vlan[row] = 0xffff;
    table.ipVersion[row] = 4;
    table.protocol[row] = PROTOCOL_TCP;
    table.ttl[row] = data === (end === 'server') ? 64 : 62;
    table.ipId[row] = n & 0xffff;
    table.ipLength[row] = data ? MSS + 52 : 52;
    writeAddresses(table, row, capture, data, FIRST_PORT + flow);
    // Two of three packets carry data, each a segment of its own.
    const sent = (Math.ceil((n * 2) / 3) * MSS) >>> 0;
    table.sequence[row] = data ? sent : 1;
    table.acknowledgment[row] = data ? 1 : sent;
    table.tcpFlags[row] = Tcp.ack;
    table.window[row] = 501;
    table.payloadLength[row] = data ? MSS : 0;
    table.timestampValue[row] = n;
    table.wscale[row] = 0xff;
    table.tlsHandshake[row] = 0xff;
  }
}

function writeAddresses(
  table: PacketTable,
  row: number,
  capture: number,
  fromServer: boolean,
  port: number,
): void {
  const client = 0x0a500000 + capture * 4;
  const word = row * 4;
  table.source.set([0, 0, 0xffff, fromServer ? client + 1 : client], word);
  table.destination.set([0, 0, 0xffff, fromServer ? client : client + 1], word);
  table.sourcePort[row] = fromServer ? SERVER_PORT : port;
  table.destinationPort[row] = fromServer ? port : SERVER_PORT;
}
