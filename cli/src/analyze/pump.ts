import type { TableReader } from '@bothends/agent/files';
import type { EngineLike, TapCoverage } from '@bothends/coordinator';
import type { PacketTable } from '@bothends/proto';
import { Merge } from './merge.js';
import type { Amount } from './progress.js';
import { coverageOf } from './source.js';
import { Tally } from './tally.js';

export interface FileTap {
  readonly reader: TableReader;
  readonly name: string;
}

/** What was seen on the way. */
export interface Pumped {
  readonly tallies: readonly [Tally, Tally];
  /** How far apart the taps are; see `distanceBetween`. */
  readonly distanceNs: number | null;
}

/** Keeps what the engine is given, and may replace addresses in it before. */
export interface Recorder {
  name(name: string): string;
  /** Before the engine gets the rows; it may change them. */
  table(file: 0 | 1, table: PacketTable): void;
  /** The coverage that the engine gets. */
  coverage(file: 0 | 1, coverage: TapCoverage): TapCoverage;
}

/**
 * Pushes all packets of both files into the engine, always of the file that is behind in time, so that few packets
 * wait for their match whatever the sizes of the files.
 */
export function pump(
  engine: EngineLike,
  taps: readonly [FileTap, FileTap],
  onProgress: (amount: Amount) => void,
  recorder: Recorder | null = null,
): Pumped {
  const readers = taps.map((tap) => tap.reader);
  const indices = taps.map(({ name }) => engine.addTap({ name, role: null, addresses: [] }));
  const tallies: [Tally, Tally] = [new Tally(), new Tally()];
  const bytesTotal = readers.reduce((sum, { bytesTotal }) => sum + bytesTotal, 0);
  let packets = 0;
  const merge = new Merge([taps[0].reader, taps[1].reader]);
  for (let next = merge.next(); next !== null; next = merge.next()) {
    tallies[next.file].add(next.table);
    recorder?.table(next.file, next.table);
    engine.push(indices[next.file] as number, next.table);
    packets += next.table.length;
    onProgress({
      packets,
      bytesTotal,
      bytesRead: readers.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    });
  }
  taps.forEach(({ reader }, i) => {
    const coverage = coverageOf(reader.info);
    engine.cover(indices[i] as number, recorder?.coverage(i as 0 | 1, coverage) ?? coverage);
    engine.finish(indices[i] as number);
  });
  return { tallies, distanceNs: merge.distanceNs };
}
