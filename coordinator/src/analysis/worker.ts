/** The analysis thread: all engines of a coordinator, so that a long report holds up no call. */
import { createEngine, createLadder } from '../engines.js';
import { serveCalls } from '../threads/server.js';
import { analysisVerbs } from './verbs.js';

serveCalls(() => ({ verbs: { ...analysisVerbs(createEngine, createLadder) }, close: () => {} }));
