import type { EngineFactory, LadderFactory } from './analysis/local-analyst.js';
import { Engine } from './engine/engine.js';
import { LadderEngine } from './engine/ladder.js';
import { trainAddon } from './train-addon.js';

export const createEngine: EngineFactory = (options) => new Engine(options, trainAddon());

export const createLadder: LadderFactory = (options, flowId) =>
  new LadderEngine(options, flowId, trainAddon());
