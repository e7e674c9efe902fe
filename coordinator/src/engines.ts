import { Engine } from './engine/engine.js';
import { LadderEngine } from './engine/ladder.js';
import type { EngineFactory, LadderFactory } from './ingest/analysis.js';

export const createEngine: EngineFactory = (options) => new Engine(options);

export const createLadder: LadderFactory = (options, flowId) => new LadderEngine(options, flowId);
