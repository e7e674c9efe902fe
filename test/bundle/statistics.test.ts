import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCaptureFile } from '@bothends/agent';
import { NewFile } from '@bothends/cli/export/new-file';
import { writePcapng } from '@bothends/cli/export/write-pcapng';
import { PacketTable } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SignedCapture } from './signed-bundle.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bothends-statistics-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The same batches from a tap that lost packets. */
function lossy(batches: Batch[]): Batch[] {
  return batches.map((batch) =>
    batch.coverage ? { ...batch, coverage: { ...batch.coverage, kernelDrops: 3n, agentDrops: 2n } } : batch,
  );
}

it('drop counts, begin and end of each tap are in the statistics of its interface', async () => {
  const signed = new SignedCapture('idle-reject', lossy);
  const bundle = join(folder, 'bundle.tar');
  writeFileSync(bundle, await signed.bundle());
  const file = new NewFile(join(folder, 'out.pcapng'));
  expect(writePcapng(bundle, file)).toBe(0);
  file.commit();

  // Read by the parser that reads everybody's captures.
  const capture = openCaptureFile(file.path);
  const table = new PacketTable();
  capture.next(table);
  const { kernelDrops, openedNs, interfaces } = capture.info;
  capture.close();
  expect(interfaces.map(({ name, filter }) => [name, filter])).toEqual([
    ['web', 'port 443'],
    ['db', 'port 443'],
  ]);
  expect(kernelDrops).toBe(2 * (3 + 2));
  expect(openedNs).toBe(signed.batches[0][0]?.coverage?.openedNs);
  expect(table.length).toBe(signed.batches.flat().reduce((sum, { count }) => sum + count, 0));
});
