/** Public entry for who will read capture files later on: it loads next to nothing, so that it can come before all else. */
export { expectFiles } from './capture/pcapfile/reading-thread.js';
