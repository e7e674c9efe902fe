/** The page thread: reads reports and answers questions on them, so that a large one holds up no agent. */
import { serveCalls } from '../../threads/server.js';
import { pageVerbs } from './verbs.js';

serveCalls(() => ({ verbs: { ...pageVerbs() }, close: () => {} }));
