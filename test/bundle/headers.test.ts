import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Decoder, openCaptureFile } from '@bothends/agent';
import { MAX_HEADERS, rebuildHeaders } from '@bothends/cli/export/headers';
import { COLUMNS, type ColumnName, Layer, Mark, PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { TEST_ROOT } from '../lab/paths.js';

/** LINKTYPE_RAW. */
const RAW = 101;

/** What is not in a header from IP on, or is not rebuilt: see docs/bundle.md. */
const NOT_REBUILT: ReadonlySet<ColumnName> = new Set<ColumnName>([
  ...([
    'wireLength',
    'capturedLength',
    'ifindex',
    'packetType',
    'vlan',
    'sourceMac',
    'destinationMac',
  ] as const),
  ...(['digestHigh', 'digestLow', 'digestLength', 'checksum', 'marks', 'tunnel', 'marker', 'time'] as const),
  ...(['tlsRecord', 'tlsHandshake', 'tlsAlertLevel', 'tlsAlert', 'dnsId', 'dnsFlags', 'dnsType'] as const),
  ...([
    'nameHigh',
    'nameLow',
    'httpKind',
    'httpStatus',
    'httpLength',
    'httpHeadLength',
    'tcpOptionOrder',
  ] as const),
]);

const captures = readdirSync(join(TEST_ROOT, 'captures'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pcap'))
  .sort();

function tableOf(path: string): PacketTable {
  const table = new PacketTable();
  const file = openCaptureFile(path);
  file.next(table);
  file.close();
  return table;
}

/** The rows of a table as they decode from the headers that were rebuilt of them. */
function decodedAgain(table: PacketTable): PacketTable {
  const again = new PacketTable();
  again.baseNs = table.baseNs;
  const decoder = new Decoder({ linkType: RAW });
  const headers = Buffer.alloc(MAX_HEADERS);
  for (let row = 0; row < table.length; row++) {
    const length = rebuildHeaders(table, row, headers);
    const wire = table.ipLength[row] as number;
    decoder.decode(headers.subarray(0, length).slice(), 0, length, wire, 0, again);
  }
  return again;
}

function rowOf(table: PacketTable, row: number): Record<string, number[]> {
  const kept = COLUMNS.filter(({ name }) => !NOT_REBUILT.has(name));
  return Object.fromEntries(
    kept.map(({ name, stride }) => [name, [...table[name].subarray(row * stride, (row + 1) * stride)]]),
  );
}

describe('headers rebuilt from packet records', () => {
  it.each(captures)('of %s decode to the same records', (name) => {
    const table = tableOf(join(TEST_ROOT, 'captures', name));
    const again = decodedAgain(table);
    for (let row = 0; row < table.length; row++) {
      if (table.ipVersion[row] === 0) continue;
      expect(rowOf(again, row), `packet ${row + 1}`).toEqual(rowOf(table, row));
    }
  });

  it('had TCP, UDP, ICMP, fragments and both families to do', () => {
    const seen = new Set<string>();
    for (const name of captures) {
      const { length, layer, protocol, ipVersion, fragmentOffset, quotedProtocol } = tableOf(
        join(TEST_ROOT, 'captures', name),
      );
      for (let row = 0; row < length; row++) {
        if (layer[row] === Layer.transport) seen.add(`protocol ${protocol[row]}`);
        seen.add(`IPv${ipVersion[row]}`);
        if ((fragmentOffset[row] as number) > 0) seen.add('fragment');
        if ((quotedProtocol[row] as number) > 0) seen.add('quote');
      }
    }
    for (const kind of [
      'protocol 6',
      'protocol 17',
      'protocol 1',
      'protocol 58',
      'IPv4',
      'IPv6',
      'fragment',
      'quote',
    ]) {
      expect(seen, kind).toContain(kind);
    }
  });
});

/** Bytes from hex, spaces ignored. */
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const V6_ENDS = '20010db8000000000000000000000001 20010db8000000000000000000000002';

/** Packets that no recorded capture has; each byte after RFC 791, 792, 4443, 8200 and 9293. */
const RARE: readonly (readonly [name: string, packet: Buffer])[] = [
  [
    'an ICMP echo request',
    bytes('45000020 00010000 4001 0000 0a000001 0a000002 0800 0000 1234 0007 0000000000000000'),
  ],
  ['an ICMPv6 echo reply', bytes(`60012345 000c 3a 40 ${V6_ENDS} 8100 0000 1234 0007 00000000`)],
  [
    'the first fragment of IPv6',
    bytes(`60000000 0018 2c 40 ${V6_ENDS} 11 00 0001 cafebabe 0035 d431 0400 0000 0000000000000000`),
  ],
  ['a later fragment of IPv6', bytes(`60000000 0010 2c 40 ${V6_ENDS} 11 00 0420 cafebabe 0000000000000000`)],
  [
    'a SYN with an option of another kind (MPTCP)',
    bytes(
      '45000038 00014000 4006 0000 0a000001 0a000002 1234 0050 00000001 00000000 9002 ffff 0000 0000 ' +
        '020405b4 1e0c00810102030405060708',
    ),
  ],
  [
    'a packet of a protocol without ports',
    bytes('4500001c 00010000 4067 0000 0a000001 0a000002 0102030405060708'),
  ],
];

describe('headers of rare packets', () => {
  it.each(RARE)('%s', (_name, packet) => {
    const table = new PacketTable(1);
    new Decoder({ linkType: RAW }).decode(packet, 0, packet.length, packet.length, 0, table);
    // Or the packet is not what it is said to be here.
    expect((table.marks[0] as number) & (Mark.cut | Mark.malformed)).toBe(0);
    const again = rowOf(decodedAgain(table), 0);
    const before = rowOf(table, 0);
    // Of an option that only its presence is known of, the place is kept and not the kind.
    delete again.tcpOptions;
    delete before.tcpOptions;
    expect(again).toEqual(before);
  });
});
