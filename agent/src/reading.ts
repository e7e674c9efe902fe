/**
 * Public entry for commands that will read capture files later: it loads next to nothing, so it can be loaded
 * before everything else.
 */
export { expectFiles } from './capture/pcapfile/reading-thread.js';
