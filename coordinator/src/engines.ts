import type { EngineFactory, LadderFactory } from './analysis/local-analyst.js';
import { Engine } from './engine/engine.js';
import { LadderEngine } from './engine/report/ladder.js';
import { trainAddon } from './train-addon.js';

/** The real engine, with its add-on where that is built. */
export const createEngine: EngineFactory = (options) => new Engine(options, trainAddon());

/** The same, for the ladder of one flow. */
export const createLadder: LadderFactory = (options, flowId) =>
  new LadderEngine(options, flowId, trainAddon());
