import { join } from 'node:path';
import { openCaptureFile } from '@bothends/agent/files';
import { decodeColumns, encodeColumns, PacketTable } from '@bothends/proto';
import type { Bench, Case } from '../case.js';
import { writeBulk } from '../traffic/bulk.js';
import { writeRequests } from '../traffic/requests.js';
import { writeShort } from '../traffic/short.js';

/** Enough to warm up and to measure. */
const PACKETS = 400_000;
/** Of nine packets each. */
const SHORT_FLOWS = 45_000;
/** Of three packets each, on so many connections. */
const REQUESTS = 130_000;
const CONNECTIONS = 500;

/** Kinds of traffic, each written to a file as one tap captured it. */
const TRAFFIC: readonly (readonly [string, (path: string) => void])[] = [
  ['4 bulk flows', (path) => writeBulk(path, 'client', { flows: 4, packets: PACKETS })],
  ['1000 bulk flows', (path) => writeBulk(path, 'client', { flows: 1000, packets: PACKETS })],
  ['small requests', (path) => writeRequests(path, { connections: CONNECTIONS, requests: REQUESTS })],
  ['short flows', (path) => writeShort(path, 'client', { connections: SHORT_FLOWS, answered: true })],
];

interface Coded {
  packets: number;
  capturedBytes: number;
  codedBytes: number;
  encodeSeconds: number;
  decodeSeconds: number;
}

/** What goes over the network for a packet, and what making it costs. */
export const batch: Case = {
  name: 'batch',
  title: 'coding of batches as agents ship them',
  run: async (bench) =>
    TRAFFIC.flatMap(([kind, write], i) => {
      const path = join(bench.folder, `batch-${i}.pcap`);
      write(path);
      const coded = codeFile(path, bench);
      const perPacket = coded.codedBytes / coded.packets;
      const saved = `${(coded.capturedBytes / coded.codedBytes).toFixed(1)} times less than was captured`;
      return [
        { what: `${kind}: size`, value: perPacket, unit: 'bytes/packet', compared: saved },
        { what: `${kind}: encode`, value: coded.packets / coded.encodeSeconds, unit: 'packets/s' },
        { what: `${kind}: decode`, value: coded.packets / coded.decodeSeconds, unit: 'packets/s' },
      ];
    }),
};

function codeFile(path: string, { now }: Bench): Coded {
  const file = openCaptureFile(path);
  const [table, back] = [new PacketTable(), new PacketTable()];
  const coded: Coded = { packets: 0, capturedBytes: 0, codedBytes: 0, encodeSeconds: 0, decodeSeconds: 0 };
  while (file.next(table)) {
    const startedNs = now();
    const bytes = encodeColumns(table);
    const encodedNs = now();
    decodeColumns(bytes, back);
    coded.encodeSeconds += Number(encodedNs - startedNs) / 1e9;
    coded.decodeSeconds += Number(now() - encodedNs) / 1e9;
    coded.codedBytes += bytes.length;
    coded.packets += table.length;
    for (let row = 0; row < table.length; row++) coded.capturedBytes += table.capturedLength[row] as number;
  }
  file.close();
  return coded;
}
