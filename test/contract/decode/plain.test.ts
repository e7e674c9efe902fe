import { readFileSync } from 'node:fs';
import { Decoder } from '@bothends/agent/decode/decoder';
import { PlainDecoder } from '@bothends/agent/decode/plain';
import { PacketTable } from '@bothends/proto';
import { describe, expect, it, vi } from 'vitest';
import { plainTarget } from '../../fuzz/targets/plain.js';
import { capturePaths, recordedCaptures } from '../../scenarios/captures.js';
import { Random } from '../../truth/random.js';
import { difference, isBuilt, pcapngTables, pcapTables, scanDifference } from './both-ways.js';

/** Files of mutated packets, 200 in each. */
const FILES = 40;
const PCAP_HEADER = 24;
const key = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 1);

const recorded = recordedCaptures();
const why = isBuilt ? '' : ' (SKIPPED: the add-on plain-decode is not built; run: npm run setup)';

describe.skipIf(!isBuilt)(`rows made by the add-on for plain packets${why}`, () => {
  it('are those of the decoder, for every recorded capture, and are scanned alike', () => {
    expect(recorded.length).toBeGreaterThan(100);
    for (const path of recorded) {
      const file = new Uint8Array(readFileSync(path));
      for (const digestKey of [undefined, null, key]) {
        for (const tables of [pcapTables, pcapngTables])
          expect(difference(tables(file, digestKey, false), tables(file, digestKey, true)), path).toBeNull();
      }
      expect(scanDifference(pcapTables(file, null, true)), path).toBeNull();
    }
  });

  it('are those of the decoder, for packets that were changed and cut, in files and in rings', () => {
    const random = new Random(1);
    for (let i = 0; i < FILES; i++) plainTarget.check(plainTarget.make(random));
  });

  it('are most rows of an ordinary capture', () => {
    const [path] = capturePaths('healthy-v4');
    const file = new Uint8Array(readFileSync(path));
    const whole = pcapTables(file, null, true).reduce((sum, { length }) => sum + length, 0);
    expect(plainRows(file)).toBeGreaterThan(whole / 2);
    expect(plainRowsOfPcapng(file)).toBeGreaterThan(whole / 2);
  });
});

/** Rows that the add-on makes where every record that it leaves is passed over. */
function plainRows(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let rows = 0;
  for (let at = PCAP_HEADER; at < file.length; at += 16 + view.getUint32(at + 8, true)) {
    const table = new PacketTable(file.length);
    const { plain } = new Decoder({ linkType: view.getUint32(20, true), digestKey: null });
    at = plain?.pcap(file, at, file.length, table, { seconds: 0, nanoseconds: 0 }, 1) ?? at;
    rows += table.length;
    if (at >= file.length) break;
  }
  return rows;
}

/** Packets of the same capture as pcapng that never get to the decoder. */
function plainRowsOfPcapng(file: Uint8Array): number {
  let plain = 0;
  const run = PlainDecoder.prototype.pcapng;
  const spy = vi.spyOn(PlainDecoder.prototype, 'pcapng').mockImplementation(function (
    this: PlainDecoder,
    ...of
  ) {
    const before = of[3].length;
    const at = run.apply(this, of);
    plain += of[3].length - before;
    return at;
  });
  pcapngTables(file, null, false);
  spy.mockRestore();
  return plain;
}
