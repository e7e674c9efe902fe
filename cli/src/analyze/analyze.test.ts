import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFile, serverFile } from '../testing/capture-files.js';
import { type EditableRecord, edited, withLinkType } from '../testing/edit-capture.js';
import { analyzeFiles } from './analyze.js';
import { refuseSameFile } from './source.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-files-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function paths(client: Uint8Array, server: Uint8Array): [string, string] {
  const files: [string, string] = [join(dir, 'client.pcap'), join(dir, 'server.pcap')];
  writeFileSync(files[0], client);
  writeFileSync(files[1], server);
  return files;
}

async function analyse(client: Uint8Array, server: Uint8Array) {
  const options = { captureId: 'files', captureName: '', port: null, vouchComplete: false };
  const { result, warnings } = await analyzeFiles(paths(client, server), options, null, () => {});
  if (result.kind !== 'report') throw new Error('asked for a report');
  return { report: result.report, warnings };
}

const codes = (report: { findings: readonly { code: string }[] }) => report.findings.map(({ code }) => code);

/** The file with a change made to each of its records. */
function each(file: Uint8Array, change: (record: EditableRecord) => EditableRecord): Uint8Array {
  return edited(file, (records) => records.map(change));
}

/** The same packets between 192.168.9.x instead of 10.77.x.x. */
function elsewhere(record: EditableRecord): EditableRecord {
  const packet = record.packet.slice();
  for (const address of [12, 16]) packet.set([192, 168, 9], address);
  // The sequence and acknowledgment numbers are what a NAT would have left.
  for (const byte of [24, 28]) packet[byte] = 0x55;
  return { ...record, packet };
}

test('two captures of one refused connection raise no doubt', async () => {
  const { report, warnings } = await analyse(clientFile(), serverFile());
  expect(warnings).toEqual([]);
  expect(codes(report)).toContain('rst-genuine');
});

describe('captures that are not of both ends', async () => {
  test('of different networks: says so, and what each saw', async () => {
    const { warnings } = await analyse(clientFile(), each(clientFile(), elsewhere));
    expect(warnings).toEqual([
      'no flow is seen at both ends: client.pcap saw packets between 10.77.1.1 and 10.77.4.2; server.pcap saw packets ' +
        'between 192.168.9.1 and 192.168.9.2. Are these the two ends of the same traffic, captured at the same time? ' +
        'A proxy or load balancer between them ends one connection and opens another: then capture on it, too, and compare each half.',
    ]);
  });

  test('of different times: says which came first', async () => {
    const later = each(serverFile(), (record) => elsewhere({ ...record, seconds: record.seconds + 7200 }));
    const [warning] = (await analyse(clientFile(), later)).warnings;
    expect(warning).toContain('the captures do not overlap in time: client.pcap ends 2026-01-02T10:00:00.');
    expect(warning).toContain('server.pcap begins 2026-01-02T12:00:00.');
  });

  test('of the same end: two recordings there have the same time stamps', async () => {
    const { warnings } = await analyse(
      clientFile(),
      each(clientFile(), (r) => ({ ...r, wireLength: r.wireLength + 1 })),
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('were taken at the same end');
  });

  test('a copy of a file is refused as the file itself is', async () => {
    expect(() => refuseSameFile(paths(clientFile(), clientFile()))).toThrow(
      /server\.pcap is a copy of .*client\.pcap/,
    );
    expect(() => refuseSameFile(paths(clientFile(), serverFile()))).not.toThrow();
  });

  test('two files without packets are alike, and told for what they are', async () => {
    const ends = [edited(clientFile(), () => []), edited(serverFile(), () => [])] as const;
    expect(() => refuseSameFile(paths(...ends))).not.toThrow();
    const { warnings } = await analyse(...ends);
    expect(warnings).toEqual(['client.pcap holds no packets', 'server.pcap holds no packets']);
  });

  test('without packets', async () => {
    const { warnings } = await analyse(
      clientFile(),
      edited(serverFile(), () => []),
    );
    expect(warnings).toEqual(['server.pcap holds no packets']);
  });
});

describe('captures that show less than they could', async () => {
  test('packets cut before their ports: says after what and which snaplen is needed', async () => {
    const cut = each(serverFile(), (record) => ({ ...record, packet: record.packet.slice(0, 24) }));
    const { warnings } = await analyse(clientFile(), cut);
    expect(warnings[0]).toBe(
      'server.pcap: 2 of 2 packets are cut before the end of their TCP or UDP header (after 24 bytes) and tell ' +
        'nothing: capture with "tcpdump -s 192"',
    );
  });

  test('a link type that is not read is named', async () => {
    await expect(analyse(clientFile(), withLinkType(serverFile(), 105))).rejects.toThrow(
      /server\.pcap: .*802\.11 wireless/,
    );
  });

  test('packets out of order in a file: the verdict is the same', async () => {
    const straight = (await analyse(clientFile(), serverFile())).report;
    const { report, warnings } = await analyse(
      edited(clientFile(), (records) => records.toReversed()),
      edited(serverFile(), (records) => records.toReversed()),
    );
    expect(warnings).toEqual([]);
    expect(report.headline).toBe(straight.headline);
    expect(codes(report)).toEqual(codes(straight));
  });

  test('clocks two hours apart: the verdict is the same', async () => {
    const straight = (await analyse(clientFile(), serverFile())).report;
    const late = each(serverFile(), (record) => ({ ...record, seconds: record.seconds + 7200 }));
    const { report, warnings } = await analyse(clientFile(), late);
    expect(warnings).toEqual([]);
    expect(report.headline).toBe(straight.headline);
  });
});
