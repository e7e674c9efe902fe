import { type CaptureFile, openCaptureFile } from '@bothends/agent';
import { createEngine, createLadder, type EngineOptions } from '@bothends/coordinator';
import type { Ladder, Report } from '@bothends/proto';
import type { Amount } from './progress.js';
import { pump } from './pump.js';
import { tapNames, warningsAbout } from './source.js';

export interface FileAnalysis {
  readonly result: { kind: 'report'; report: Report } | { kind: 'ladder'; ladder: Ladder };
  /** What was wrong with the files; the result stands on what was good. */
  readonly warnings: readonly string[];
}

/**
 * The report on two capture files, or the ladder of one flow. Memory does not grow with the files. Throws
 * BothendsError for a file that cannot be read, and `not-found` for an unknown flow.
 */
export function analyzeFiles(
  paths: readonly [string, string],
  options: EngineOptions,
  flow: string | null,
  onProgress: (amount: Amount) => void,
): FileAnalysis {
  const files: CaptureFile[] = [];
  try {
    for (const path of paths) files.push(openCaptureFile(path));
    const names = tapNames(paths);
    const taps = files.map((file, i) => ({ file, name: names[i] as string }));
    if (flow !== null) {
      const engine = createLadder(options, flow);
      pump(engine, taps, onProgress);
      return { result: { kind: 'ladder', ladder: engine.ladder() }, warnings: files.flatMap(warningsAbout) };
    }
    const engine = createEngine(options);
    pump(engine, taps, onProgress);
    return { result: { kind: 'report', report: engine.report() }, warnings: files.flatMap(warningsAbout) };
  } finally {
    for (const file of files) file.close();
  }
}
