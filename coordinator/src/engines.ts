import { BothendsError } from '@bothends/proto';
import type { EngineFactory, LadderFactory } from './ingest/analysis.js';

export const createEngine: EngineFactory = () => {
  throw new BothendsError('unsupported', 'this build has no engine');
};

export const createLadder: LadderFactory = () => {
  throw new BothendsError('unsupported', 'this build has no engine');
};
