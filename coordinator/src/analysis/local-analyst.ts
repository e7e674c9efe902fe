import type { Capture } from '../captures/capture.js';
import type { EngineLike, EngineOptions, LadderLike } from '../engine/types.js';
import { type Analysis, type Analyst, engineOptions, type FlowAnalysis } from './analysis.js';
import { CaptureEngine } from './capture-engine.js';

export type EngineFactory = (options: EngineOptions) => EngineLike;
export type LadderFactory = (options: EngineOptions, flowId: string) => LadderLike;

/** Analyses on the caller's own thread: for tests, and for whoever brings another engine. */
export class LocalAnalyst implements Analyst {
  readonly #createEngine: EngineFactory;
  readonly #createLadder: LadderFactory;

  constructor(createEngine: EngineFactory, createLadder: LadderFactory) {
    this.#createEngine = createEngine;
    this.#createLadder = createLadder;
  }

  analyse(capture: Capture): Analysis {
    return analysisOf(new CaptureEngine(this.#createEngine(engineOptions(capture)), capture));
  }

  analyseFlow(capture: Capture, flowId: string): FlowAnalysis {
    const engine = this.#createLadder(engineOptions(capture), flowId);
    return { ...analysisOf(new CaptureEngine(engine, capture)), ladder: async () => engine.ladder() };
  }

  async close(): Promise<void> {}
}

function analysisOf(running: CaptureEngine): Analysis {
  return {
    feed: async (evidence) => running.feedAll(evidence),
    finish: async (capture) => running.finish(capture),
    news: async () => running.news(),
    report: async () => running.report(),
    history: async () => running.history(),
    close: () => {},
  };
}
