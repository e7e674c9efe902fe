import { type CaptureFile, openCaptureFile } from '@bothends/agent';
import { createEngine, createLadder, type EngineLike, type EngineOptions } from '@bothends/coordinator';
import { type Ladder, PacketTable, type Report } from '@bothends/proto';
import type { Amount } from './progress.js';
import { coverageOf, tapNames, warningsAbout } from './source.js';

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

interface FileTap {
  readonly file: CaptureFile;
  readonly name: string;
}

/** Reads the files in step, so that little waits for its match, and pushes every packet into the engine. */
function pump(engine: EngineLike, taps: readonly FileTap[], onProgress: (amount: Amount) => void): void {
  const table = new PacketTable();
  const lanes = taps.map(({ file, name }) => ({
    file,
    index: engine.addTap({ name, role: null, addresses: [] }),
    share: 0,
    open: true,
  }));
  const bytesTotal = taps.reduce((sum, { file }) => sum + file.bytesTotal, 0);
  let packets = 0;
  for (;;) {
    const behind = lanes.filter((lane) => lane.open).sort((a, b) => a.share - b.share)[0];
    if (!behind) break;
    const { file, index } = behind;
    behind.open = file.next(table);
    behind.share = file.bytesTotal > 0 ? file.bytesRead / file.bytesTotal : packets;
    if (behind.open) engine.push(index, table);
    else {
      engine.cover(index, coverageOf(file.info));
      engine.finish(index);
    }
    packets += table.length;
    onProgress({ packets, bytesTotal, bytesRead: taps.reduce((sum, t) => sum + t.file.bytesRead, 0) });
  }
}
