import { Layer, NO_LENGTH, NO_WSCALE, PacketTable, parseAddress, type Report } from '@bothends/proto';
import { Engine } from '../engine.js';

/** 2026-01-01T00:00:00Z, so that tests read the same every day. */
const BASE_NS = 1_767_225_600_000_000_000n;

/** Numeric columns of a packet table that a test may set by hand. */
export type Columns = Partial<Record<string, number>>;

/** One packet of a conversation as a test tells it. */
export interface Told {
  /** ms since the start, when it left its sender. */
  at: number;
  from: 'client' | 'server';
  /** Who saw it; a packet seen by its sender alone was lost, by its receiver alone forged (or missed). */
  seenBy?: 'both' | 'client' | 'server';
  tuple?: Partial<Tuple>;
  columns?: Columns;
}

export interface Tuple {
  client: string;
  clientPort: number;
  server: string;
  serverPort: number;
  protocol: number;
}

/** One way through the network, ms. */
const DELAY_MS = 5;
const ICMP = 1;
/** Routers between the hosts. */
const HOPS = 3;
/** Length of a capture, ms: long enough for any answer that a rule waits for. */
const CAPTURE_MS = 30_000;

const TUPLE: Tuple = {
  client: '10.0.0.1',
  clientPort: 40_000,
  server: '10.0.1.2',
  serverPort: 443,
  protocol: 6,
};

/** Both ends of a path under two live taps that count drops and lose nothing. */
export class TwoEnds {
  private readonly told: Told[] = [];
  private readonly tuple: Tuple;
  private id = 1;

  constructor(tuple: Partial<Tuple> = {}) {
    this.tuple = { ...TUPLE, ...tuple };
  }

  say(...packets: Told[]): this {
    // Every packet gets an IP id of its own, as most stacks do.
    for (const p of packets) this.told.push({ ...p, columns: { ipId: this.id++, ...p.columns } });
    return this;
  }

  report({ port = null, drops = 0 }: { port?: number | null; drops?: number | null } = {}): Report {
    const engine = new Engine({ captureId: 'test', captureName: '', port, vouchComplete: false });
    for (const role of ['client', 'server'] as const) {
      const tap = engine.addTap({ name: role, role, addresses: [this.tuple[role]] });
      const table = this.table(role);
      engine.push(tap, table);
      engine.cover(tap, {
        backEnd: 'tcpdump',
        filter: '',
        interfaces: ['any'],
        snaplen: 256,
        openedNs: BASE_NS - 5_000_000_000n,
        closedNs: BASE_NS + BigInt(CAPTURE_MS) * 1_000_000n,
        packets: null,
        kernelDrops: drops,
        agentDrops: 0,
        timestamps: 'kernel',
        gaps: [],
        watermarkNs: null,
      });
      engine.finish(tap);
    }
    return engine.report();
  }

  private table(role: 'client' | 'server'): PacketTable {
    const seen = this.told
      .filter((p) => (p.seenBy ?? 'both') === 'both' || p.seenBy === role)
      .map((p) => ({ p, time: (p.at + (p.from === role ? 0 : DELAY_MS)) * 1e6 }))
      .sort((a, b) => a.time - b.time);
    const table = new PacketTable(Math.max(1, seen.length));
    table.baseNs = BASE_NS;
    table.length = seen.length;
    seen.forEach(({ p, time }, row) => {
      this.fill(table, row, p, time, p.from === role);
    });
    return table;
  }

  /** An ICMP error quotes a packet of the conversation that went the other way. */
  private quote(table: PacketTable, row: number, up: boolean): void {
    const { client, clientPort, server, serverPort, protocol } = this.tuple;
    table.quotedProtocol[row] = protocol;
    table.quotedSourcePort[row] = up ? serverPort : clientPort;
    table.quotedDestinationPort[row] = up ? clientPort : serverPort;
    writeAddress(table.quotedSource, row, up ? server : client);
    writeAddress(table.quotedDestination, row, up ? client : server);
  }

  private fill(table: PacketTable, row: number, p: Told, time: number, own: boolean): void {
    const tuple = { ...this.tuple, ...p.tuple };
    const up = p.from === 'client';
    const columns: Columns = {
      time,
      layer: Layer.transport,
      packetType: own ? 4 : 0,
      ipVersion: 4,
      ttl: own ? 64 : 64 - HOPS,
      protocol: tuple.protocol,
      sourcePort: up ? tuple.clientPort : tuple.serverPort,
      destinationPort: up ? tuple.serverPort : tuple.clientPort,
      window: tuple.protocol === 6 ? 500 : 0,
      wscale: NO_WSCALE,
      tlsHandshake: 255,
      httpLength: NO_LENGTH,
      ...p.columns,
    };
    for (const [name, value] of Object.entries(columns)) {
      const column = (table as unknown as Record<string, { [row: number]: number }>)[name];
      if (!column || value === undefined) throw new Error(`no column ${name}`);
      column[row] = value;
    }
    if (table.digestLength[row] === 0 && table.payloadLength[row] > 0) {
      // Distinct payloads: what the packet is told to be, mixed into a number.
      table.digestLength[row] = 64;
      table.digestLow[row] = (table.ipId[row] * 2_654_435_761) >>> 0;
    }
    table.ipLength[row] = 40 + table.payloadLength[row];
    if (tuple.protocol === ICMP) this.quote(table, row, up);
    writeAddress(table.source, row, up ? tuple.client : tuple.server);
    writeAddress(table.destination, row, up ? tuple.server : tuple.client);
  }
}

function writeAddress(column: Uint32Array, row: number, text: string): void {
  const words = parseAddress(text);
  if (!words) throw new Error(`no address: ${text}`);
  column.set(words, row * 4);
}

/** The three packets that open a TCP connection at `at` ms. Client's ISN 1000, server's 5000. */
export function handshake(at = 0, tuple: Partial<Tuple> = {}): Told[] {
  return [
    { at, from: 'client', tuple, columns: { tcpFlags: 0x02, sequence: 1000 } },
    { at: at + 6, from: 'server', tuple, columns: { tcpFlags: 0x12, sequence: 5000, acknowledgment: 1001 } },
    { at: at + 12, from: 'client', tuple, columns: { tcpFlags: 0x10, sequence: 1001, acknowledgment: 5001 } },
  ];
}
