import { BothendsError, type Ladder, type PathHistory } from '@bothends/proto';
import type { Capture } from '../captures/capture.js';
import { type Evidence, engineOptions, type News, type ReportText } from './analysis.js';
import { CaptureEngine } from './capture-engine.js';
import type { EngineFactory, LadderFactory } from './local-analyst.js';

/** What the analysis thread does; `key` names one analysis among all. */
export interface AnalysisVerbs {
  /** `flowId` null: an analysis without a ladder. */
  open(key: number, capture: Capture, flowId: string | null): void;
  feed(key: number, evidence: readonly Evidence[]): boolean;
  finish(key: number, capture: Capture): void;
  news(key: number): News | null;
  report(key: number): ReportText;
  history(key: number): PathHistory;
  ladder(key: number): Ladder;
  release(key: number): void;
}

interface Entry {
  running: CaptureEngine;
  ladder: (() => Ladder) | null;
}

/** The verbs over a table of engines. */
export function analysisVerbs(createEngine: EngineFactory, createLadder: LadderFactory): AnalysisVerbs {
  const entries = new Map<number, Entry>();
  const entryOf = (key: number): Entry => {
    const entry = entries.get(key);
    if (entry === undefined) throw new BothendsError('internal', 'this analysis is closed already');
    return entry;
  };
  return {
    open: (key, capture, flowId) => {
      const options = engineOptions(capture);
      if (flowId === null) {
        entries.set(key, { running: new CaptureEngine(createEngine(options), capture), ladder: null });
        return;
      }
      const engine = createLadder(options, flowId);
      entries.set(key, { running: new CaptureEngine(engine, capture), ladder: () => engine.ladder() });
    },
    feed: (key, evidence) => entryOf(key).running.feedAll(evidence),
    finish: (key, capture) => entryOf(key).running.finish(capture),
    news: (key) => entryOf(key).running.news(),
    report: (key) => entryOf(key).running.report(),
    history: (key) => entryOf(key).running.history(),
    ladder: (key) => {
      const { ladder } = entryOf(key);
      if (ladder === null) throw new BothendsError('internal', 'this analysis follows no flow');
      return ladder();
    },
    release: (key) => {
      entries.delete(key);
    },
  };
}
