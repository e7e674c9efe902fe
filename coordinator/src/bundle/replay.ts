import { canonicalJson, crc32, decodeColumns, PacketTable } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { engineOptions } from '../analysis/analysis.js';
import { CaptureEngine } from '../analysis/capture-engine.js';
import { tapCoverage } from '../analysis/coverage.js';
import { createEngine } from '../engines.js';
import { type CaptureDocument, captureOf, type FilesDocument, type LiveDocument } from './document.js';

/** The engine over the evidence of a bundle, in the order in which it stands there. */
export interface Replay {
  /** `tap` is 1 or 2. */
  feed(tap: number, batch: Batch): void;
  /** The canonical JSON of the report on everything that was fed. */
  report(): string;
}

/** The engine, told of the capture that a bundle holds. */
export function replayOf(document: CaptureDocument): Replay {
  return document.source === 'agents' ? replayAgents(document) : replayFiles(document);
}

function replayAgents(document: LiveDocument): Replay {
  const capture = captureOf(document);
  const running = new CaptureEngine(createEngine(engineOptions(capture)), capture);
  return {
    feed: (tap, batch) => {
      const role = document.taps[tap - 1]?.role;
      if (role) running.feed(role, batch);
    },
    report: () => {
      running.finish(capture);
      return running.report().json;
    },
  };
}

/** As `bothends analyze` feeds the engine: whose end a file is of, the traffic tells. */
function replayFiles({ id, name, port, vouchComplete, taps }: FilesDocument): Replay {
  const engine = createEngine({ captureId: id, captureName: name, port, vouchComplete });
  const indices = taps.map((tap) => engine.addTap({ name: tap.name, role: null, addresses: [] }));
  const covered = new Map<number, NonNullable<Batch['coverage']>>();
  const table = new PacketTable();
  return {
    feed: (tap, batch) => {
      if (batch.coverage) covered.set(tap, batch.coverage);
      if (batch.count === 0 || crc32(batch.columns) !== batch.crc32) return;
      decodeColumns(batch.columns, table);
      engine.push(indices[tap - 1] ?? 0, table);
    },
    report: () => {
      indices.forEach((index, i) => {
        const coverage = covered.get(i + 1);
        if (coverage) engine.cover(index, tapCoverage(coverage, []));
        engine.finish(index);
      });
      return canonicalJson(engine.report());
    },
  };
}
