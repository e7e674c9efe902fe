import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Decoder, openCaptureFile } from '@bothends/agent';
import { MAX_HEADERS, rebuildHeaders } from '@bothends/cli/export/headers';
import { COLUMNS, type ColumnName, Layer, PacketTable } from '@bothends/proto';
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
