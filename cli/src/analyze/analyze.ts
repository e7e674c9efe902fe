import { readTables, type TableReader } from '@bothends/agent/files';
import type { EngineOptions } from '@bothends/coordinator';
import type { Ladder, Report } from '@bothends/proto';
import { doubtsAbout } from './doubts.js';
import type { Amount } from './progress.js';
import { type FileTap, pump, type Recorder } from './pump.js';
import { tapNames, warningsAbout } from './source.js';

/** What was asked of two files: a report, or the ladder of a flow. */
export interface FileAnalysis {
  readonly result: { kind: 'report'; report: Report } | { kind: 'ladder'; ladder: Ladder };
  /** What was wrong with the files; the result stands on what was good. */
  readonly warnings: readonly string[];
}

/**
 * The report on two capture files, or the ladder of one flow. Memory does not grow with the files. Throws
 * BothendsError for a file that cannot be read, and `not-found` for an unknown flow.
 */
export async function analyzeFiles(
  paths: readonly [string, string],
  options: EngineOptions,
  flow: string | null,
  onProgress: (amount: Amount) => void,
  recorder: Recorder | null = null,
): Promise<FileAnalysis> {
  const names = tapNames(paths);
  // A bundle takes digests along; others stay here.
  const digests = recorder === null ? { digestKey: null } : {};
  const readers = readTables(paths, digests) as [TableReader, TableReader];
  const tap = (i: 0 | 1): FileTap => ({
    reader: readers[i],
    name: recorder?.name(names[i]) ?? names[i],
  });
  try {
    const taps = [tap(0), tap(1)] as const;
    // Only now: the thread that reads starts meanwhile.
    const { createEngine, createLadder } = await import('@bothends/coordinator/engines');
    const warnings = () => taps.flatMap(({ reader }) => warningsAbout(reader.info));
    if (flow !== null) {
      const engine = createLadder(options, flow);
      pump(engine, taps, onProgress);
      return { result: { kind: 'ladder', ladder: engine.ladder() }, warnings: warnings() };
    }
    const engine = createEngine(options);
    const { tallies, distanceNs } = pump(engine, taps, onProgress, recorder);
    const report = engine.report();
    const files = taps.map(({ reader, name }, i) => ({
      name,
      info: reader.info,
      tally: tallies[i as 0 | 1],
    }));
    return {
      result: { kind: 'report', report },
      warnings: [...warnings(), ...doubtsAbout(files, report, distanceNs)],
    };
  } finally {
    for (const reader of readers) reader.close();
  }
}
