import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aheadAddon } from '@bothends/agent/capture/pcapfile/ahead-addon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutateBytes } from '../../fuzz/mutate.js';
import { readPcap, writePcapng } from '../../property/capture-file.js';
import { recordedCaptures } from '../../scenarios/captures.js';
import { Random } from '../../truth/random.js';
import { aheadDifference } from './ahead.js';

const isBuilt = aheadAddon() !== null;
const why = isBuilt ? '' : ' (SKIPPED: the add-on read-ahead is not built; run: npm run setup)';
const SEED = 5;
/** One in so many, where each recorded capture is changed in several ways. */
const SAMPLED = 4;
/** Larger than all that is set aside for a table. */
const HUGE_BYTES = 300_000;
const RECORD_HEADER = 16;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-ahead-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function differenceOf(bytes: Uint8Array): string | null | undefined {
  const path = join(dir, 'capture');
  writeFileSync(path, bytes);
  return aheadDifference(path);
}

/** How many of these files were read ahead, each of which gave what it gives when it is read here. */
function readAhead(files: Iterable<Uint8Array>): number {
  let count = 0;
  for (const file of files) {
    const found = differenceOf(file);
    if (found === undefined) continue;
    expect(found).toBeNull();
    count++;
  }
  return count;
}

const recorded = recordedCaptures();
const read = (path: string) => new Uint8Array(readFileSync(path));
const sampled = recorded.filter((_, i) => i % SAMPLED === 0).map(read);
const asPcapng = (file: Uint8Array) => new Uint8Array(writePcapng(readPcap(file)));

describe.skipIf(!isBuilt)(`a file read ahead by native code${why}`, () => {
  it('gives the rows and facts that the parsers give, for every recorded capture', () => {
    expect(readAhead(recorded.map(read))).toBeGreaterThan(100);
  });

  it('does so for pcapng', () => {
    expect(readAhead(sampled.map(asPcapng))).toBeGreaterThan(20);
  });

  it('that ends anywhere, is damaged anywhere', () => {
    const random = new Random(SEED);
    const cut = (file: Uint8Array) => file.subarray(0, random.integer(0, file.length));
    const changed = sampled.flatMap((file) =>
      [file, asPcapng(file)].flatMap((whole) => [cut(whole), mutateBytes(whole, random)]),
    );
    expect(readAhead(changed)).toBeGreaterThan(20);
  });

  it('goes on behind a packet that is too large to be set aside', () => {
    const [first] = sampled as [Uint8Array];
    const huge = new Uint8Array(RECORD_HEADER + HUGE_BYTES);
    new Uint32Array(huge.buffer, 8, 2).fill(HUGE_BYTES);
    const records = first.subarray(24);
    expect(differenceOf(Buffer.concat([first, huge, records, records]))).toBeNull();
  });

  it('goes on behind another interface, with packets of both', () => {
    const [first] = sampled as [Uint8Array];
    const file = asPcapng(first);
    const section = new DataView(file.buffer, file.byteOffset).getUint32(4, true);
    const length = new DataView(file.buffer, file.byteOffset).getUint32(section + 4, true);
    const description = file.subarray(section, section + length);
    const packets = file.subarray(section + length);
    const other = Uint8Array.from(packets);
    const view = new DataView(other.buffer);
    for (let at = 0; at < other.length; at += view.getUint32(at + 4, true))
      if (view.getUint32(at, true) === 6) view.setUint32(at + 8, 1, true);
    expect(differenceOf(Buffer.concat([file, description, other, packets]))).toBeNull();
  });
});
