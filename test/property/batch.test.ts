import {
  BATCH_CODEC,
  BothendsError,
  COLUMNS,
  type ColumnName,
  decodeColumns,
  encodeColumns,
  Layer,
  NO_LENGTH,
  NO_VLAN,
  NO_WSCALE,
  PacketTable,
  Tcp,
} from '@bothends/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Columns that every row has, whatever it is. */
const EVERY: readonly ColumnName[] = [
  ...(['time', 'wireLength', 'capturedLength', 'layer', 'marks', 'ifindex', 'packetType', 'vlan'] as const),
  ...(['sourceMac', 'destinationMac', 'tunnel', 'ipVersion', 'protocol', 'payloadLength'] as const),
  ...(['digestLength', 'tlsRecord', 'tlsHandshake', 'dnsFlags', 'dnsType', 'httpKind'] as const),
  ...(['nameHigh', 'nameLow', 'marker'] as const),
];
const NETWORK: readonly ColumnName[] = [
  ...(['source', 'destination', 'ttl', 'tos', 'ipId', 'ipFlags', 'fragmentOffset'] as const),
  ...(['flowLabel', 'ipLength'] as const),
];
const TRANSPORT: readonly ColumnName[] = ['sourcePort', 'destinationPort', 'checksum'];
const TCP: readonly ColumnName[] = [
  ...(['sequence', 'acknowledgment', 'tcpFlags', 'window', 'urgent', 'tcpOptions'] as const),
  ...(['tcpOptionOrder', 'mss', 'wscale', 'timestampValue', 'timestampEcho', 'sackCount'] as const),
];
const ICMP: readonly ColumnName[] = ['icmpType', 'icmpCode', 'icmpMtu', 'quotedProtocol', 'sequence'];
const QUOTED: readonly ColumnName[] = [
  ...(['quotedSource', 'quotedDestination', 'quotedSourcePort', 'quotedDestinationPort'] as const),
  ...(['quotedIpId', 'quotedSequence'] as const),
];

/** What a column holds in rows that do not have it, where that is not 0. */
const DEFAULTS: Partial<Record<ColumnName, number>> = { wscale: NO_WSCALE, httpLength: NO_LENGTH };

/** The columns that mean something in a row, told from the documentation of PacketTable. */
function columnsOf(table: PacketTable, row: number): Set<ColumnName> {
  const names: ColumnName[] = [...EVERY];
  if (table.ipVersion[row] !== 0) names.push(...NETWORK);
  if (table.digestLength[row] !== 0) names.push('digestHigh', 'digestLow');
  if (table.tlsRecord[row] !== 0) names.push('tlsAlert', 'tlsAlertLevel');
  if (table.dnsFlags[row] !== 0 || table.dnsType[row] !== 0) names.push('dnsId');
  if (table.httpKind[row] !== 0) names.push('httpStatus', 'httpLength', 'httpHeadLength');
  if (table.layer[row] !== Layer.transport) return new Set(names);
  names.push(...TRANSPORT);
  if (table.protocol[row] === 6) names.push(...TCP, 'sack');
  if (table.protocol[row] === 1 || table.protocol[row] === 58) {
    names.push(...ICMP);
    if (table.quotedProtocol[row] !== 0) names.push(...QUOTED);
  }
  return new Set(names);
}

/** What decoding must give: the same values where they mean something, defaults elsewhere. */
function expectSame(original: PacketTable, from: number, decoded: PacketTable): void {
  expect(decoded.baseNs).toBe(original.baseNs);
  for (let row = 0; row < decoded.length; row++) {
    const present = columnsOf(original, from + row);
    for (const { name, stride } of COLUMNS) {
      for (let word = 0; word < stride; word++) {
        const has = present.has(name) && (name !== 'sack' || word < original.sackCount[from + row] * 2);
        const want = has ? original[name][(from + row) * stride + word] : (DEFAULTS[name] ?? 0);
        const got = decoded[name][row * stride + word];
        if (got !== want) expect.fail(`row ${row}, ${name}.${word}: ${got}, not ${want}`);
      }
    }
  }
}

/** mulberry32: a small generator, so that one number is the whole of a failing table. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const PROTOCOLS = [6, 6, 6, 17, 1, 58, 47, 0];
const SELECTORS = new Set<ColumnName>(['tlsRecord', 'dnsFlags', 'dnsType', 'httpKind', 'digestLength']);

/** A table of nonsense: every column of every row holds a repeated, stepped or random value. */
function randomTable(seed: number, rows: number): PacketTable {
  const random = generator(seed);
  const table = new PacketTable(rows);
  table.length = rows;
  table.baseNs = (BigInt(random()) << 31n) * (seed % 2 === 0 ? 1n : -1n);
  for (const { name, stride } of COLUMNS) {
    const column = table[name];
    for (let i = 0; i < column.length; i++) {
      const before = i >= stride ? column[i - stride] : 0;
      const kind = random() % 8;
      column[i] = kind < 4 ? before : kind === 4 ? before + (random() % 2000) - 500 : random();
      if (SELECTORS.has(name) && random() % 2 === 0) column[i] = 0;
    }
  }
  for (let row = 0; row < rows; row++) {
    table.protocol[row] = PROTOCOLS[random() % PROTOCOLS.length];
    table.layer[row] = random() % 3 === 0 ? random() % 4 : Layer.transport;
    table.ipVersion[row] = [4, 4, 6, 0][random() % 4];
    table.sackCount[row] = random() % 5;
    table.quotedProtocol[row] = random() % 2 === 0 ? 0 : 6;
  }
  return table;
}

/** One transfer: two data segments, then an acknowledgment, a header snaplen, digests, some jitter. */
function bulkTransfer(rows: number): PacketTable {
  const random = generator(1);
  const table = new PacketTable(rows);
  table.length = rows;
  table.baseNs = 1_700_000_000_000_000_000n;
  const client = [0, 0, 0xffff, 0x0a000001];
  const server = [0, 0, 0xffff, 0x0a000002];
  let sent = 4_294_900_000;
  let time = 0;
  for (let i = 0; i < rows; i++) {
    const data = i % 3 !== 2;
    const payload = data ? 1448 : 0;
    time += 1000 + (random() % 20_000);
    table.time[i] = time;
    table.layer[i] = Layer.transport;
    table.ipVersion[i] = 4;
    table.protocol[i] = 6;
    table.vlan[i] = NO_VLAN;
    table.tlsHandshake[i] = 255;
    table.ifindex[i] = 2;
    table.packetType[i] = data ? 4 : 0;
    table.source.set(data ? client : server, i * 4);
    table.destination.set(data ? server : client, i * 4);
    table.sourcePort[i] = data ? 40_000 : 443;
    table.destinationPort[i] = data ? 443 : 40_000;
    table.ttl[i] = 64;
    table.ipId[i] = data ? i : i * 3;
    table.ipLength[i] = payload + 52;
    table.wireLength[i] = payload + 72;
    table.capturedLength[i] = Math.min(payload + 72, 192);
    table.payloadLength[i] = payload;
    table.tcpFlags[i] = Tcp.ack | (random() % 16 === 0 ? Tcp.psh : 0);
    table.sequence[i] = data ? sent : 7777;
    table.acknowledgment[i] = data ? 7777 : sent;
    table.window[i] = data ? 502 : 2000 + (random() % 64);
    table.wscale[i] = NO_WSCALE;
    table.timestampValue[i] = 900_000 + Math.floor(time / 1_000_000);
    table.timestampEcho[i] = 100_000 + Math.floor(time / 1_000_000);
    if (data) {
      table.digestLength[i] = 64;
      table.digestHigh[i] = random();
      table.digestLow[i] = random();
      sent = (sent + payload) >>> 0;
    }
  }
  return table;
}

describe('batch codec, over any table', () => {
  const tables = fc.record({ seed: fc.integer(), rows: fc.integer({ min: 0, max: 300 }) });

  it('gives back every value that means something, and defaults elsewhere', () => {
    fc.assert(
      fc.property(tables, ({ seed, rows }) => {
        const table = randomTable(seed, rows);
        const decoded = randomTable(seed + 1, 300);
        decodeColumns(encodeColumns(table), decoded);
        expect(decoded.length).toBe(rows);
        expectSame(table, 0, decoded);
      }),
      { numRuns: 150 },
    );
  });

  it('gives back any range of rows', () => {
    fc.assert(
      fc.property(tables, fc.nat(300), fc.nat(300), ({ seed, rows }, a, b) => {
        const from = Math.min(a, b, rows);
        const to = Math.min(Math.max(a, b), rows);
        const table = randomTable(seed, rows);
        const decoded = new PacketTable(300);
        decodeColumns(encodeColumns(table, from, to), decoded);
        expect(decoded.length).toBe(to - from);
        expectSame(table, from, decoded);
      }),
      { numRuns: 60 },
    );
  });

  it('codes what it decoded to the same bytes', () => {
    fc.assert(
      fc.property(tables, ({ seed, rows }) => {
        const bytes = encodeColumns(randomTable(seed, rows));
        const decoded = new PacketTable(300);
        decodeColumns(bytes, decoded);
        expect(Buffer.from(encodeColumns(decoded)).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('takes at most 16 bytes a packet for bulk TCP, digests and all', () => {
    const table = bulkTransfer(4096);
    const bytes = encodeColumns(table);
    expect(bytes.length / table.length).toBeLessThanOrEqual(16);
    const decoded = new PacketTable(4096);
    decodeColumns(bytes, decoded);
    expectSame(table, 0, decoded);
  });
});

/** Whatever the bytes are, decoding succeeds or refuses in its own words and leaves no rows. */
function decodeOrRefuse(bytes: Uint8Array): void {
  const decoded = new PacketTable(64);
  try {
    decodeColumns(bytes, decoded);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(BothendsError);
    expect(decoded.length).toBe(0);
  }
}

describe('batch codec, on damaged bytes', () => {
  it('decodes or throws one of its own errors, and a failed decode leaves no rows', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), damage, (seed, rows, changes) => {
        const bytes = encodeColumns(randomTable(seed, rows));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        decodeOrRefuse(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('survives bytes that never were a batch', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        decodeOrRefuse(Uint8Array.of(BATCH_CODEC, ...noise));
      }),
      { numRuns: 1500 },
    );
  });
});
