import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeColumns, PacketTable } from '@bothends/proto';
import { linkOf } from '@bothends/proto/evidence/chain';
import { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool } from '../../spool/spool.js';
import { BatchWriter } from './batches.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-batches-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => Spool.open(directory, { limitBytes: 1024 * 1024 });
const coverage = Coverage.decode(new Uint8Array(0));

function packets(): PacketTable {
  const table = new PacketTable(2);
  table.length = 2;
  table.baseNs = 1_767_225_600_000_000_000n;
  table.time[1] = 5;
  return table;
}

function batchesIn(spool: Spool): Batch[] {
  const batches: Batch[] = [];
  for (let entry = spool.read(0); entry?.kind === 'batch'; entry = spool.read(entry.sequence)) {
    batches.push(Batch.decode(entry.payload));
  }
  return batches;
}

/** Links of the batches before, as the batches state them: undefined where one states none. */
function stated(batches: readonly Batch[]): (string | undefined)[] {
  return batches.map(({ previous }) => previous?.toString('hex'));
}

function expected(batches: readonly Batch[]): (string | undefined)[] {
  return [undefined, ...batches.slice(0, -1).map((batch) => linkOf(batch).toString('hex'))];
}

test('each batch is linked to the one before, with packets or without, and over a restart', () => {
  const first = open();
  const writer = new BatchWriter(first, 't');
  writer.rows(packets(), 2, coverage);
  writer.coverage(coverage, false);
  writer.rows(packets(), 1, coverage);
  first.close();
  const second = open();
  new BatchWriter(second, 't').coverage(coverage, true);
  const batches = batchesIn(second);
  expect(batches.map(({ sequence, count }) => [sequence, count])).toEqual([
    [1n, 2],
    [2n, 0],
    [3n, 1],
    [4n, 0],
  ]);
  expect(stated(batches)).toEqual(expected(batches));
  second.close();
});

test('the newest batch is at hand as it is on disk, and no other', () => {
  const spool = open();
  const writer = new BatchWriter(spool, 't');
  expect(writer.fresh(0)).toBeNull();
  writer.rows(packets(), 2, coverage);
  writer.rows(packets(), 1, { ...coverage, packets: 3n });
  const fresh = writer.fresh(2);
  expect(fresh && Batch.encode(fresh).finish()).toEqual(Batch.encode(batchesIn(spool)[1] as Batch).finish());
  expect([writer.fresh(1), writer.fresh(3)]).toEqual([null, null]);
  spool.append = () => false;
  // What the disk did not take has no number, and the one before stays the newest.
  writer.rows(packets(), 2, coverage);
  expect(writer.fresh(2)).toBe(fresh);
  spool.close();
});

test('a batch that the disk did not take leaves no mark in the chain', () => {
  const spool = open();
  const writer = new BatchWriter(spool, 't');
  writer.rows(packets(), 2, coverage);
  const { append } = spool;
  spool.append = () => false;
  writer.rows(packets(), 2, coverage);
  writer.coverage(coverage, false);
  spool.append = append;
  writer.rows(packets(), 1, coverage);
  const batches = batchesIn(spool);
  expect(batches.map(({ sequence }) => sequence)).toEqual([1n, 2n]);
  expect(stated(batches)).toEqual(expected(batches));
  spool.close();
});

test('where the batch before is gone, none is claimed', () => {
  const first = open();
  new BatchWriter(first, 't').rows(packets(), 2, coverage);
  first.close();
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  const second = open();
  // The coordinator knows the batch that this disk lost.
  second.commit(1);
  new BatchWriter(second, 't').rows(packets(), 1, coverage);
  expect(batchesIn(second).map(({ sequence, previous }) => [sequence, previous])).toEqual([[2n, undefined]]);
  second.close();
});

test('a coordinator that takes fewer packets in a batch gets more batches, each with its own interval', () => {
  const spool = open();
  const writer = new BatchWriter(spool, 't', null, 2);
  const table = new PacketTable(5);
  table.length = 5;
  table.baseNs = packets().baseNs;
  table.time.set([0, 1, 20, 15, 30]);
  const watermarkNs = table.baseNs + 40n;
  writer.rows(table, 5, { ...coverage, watermarkNs });
  const batches = batchesIn(spool);
  // None vouches for a time of which packets are still to come.
  expect(batches.map((batch) => batch.coverage?.watermarkNs)).toEqual([
    table.baseNs + 14n,
    table.baseNs + 29n,
    watermarkNs,
  ]);
  const after = (ns: bigint) => Number(ns - table.baseNs);
  expect(batches.map(({ count, firstNs, lastNs }) => [count, after(firstNs), after(lastNs)])).toEqual([
    [2, 0, 1],
    [2, 15, 20],
    [1, 30, 30],
  ]);
  const back = new PacketTable();
  expect(
    batches.map(({ columns }) => {
      decodeColumns(columns, back);
      return [...back.time.subarray(0, back.length)];
    }),
  ).toEqual([[0, 1], [20, 15], [30]]);
  expect(stated(batches)).toEqual(expected(batches));
  spool.close();
});
