import type { Target } from '../target.js';
import { batchTarget } from './batch.js';
import { captureTarget } from './captures.js';
import { decodeTarget } from './decode.js';
import { evidenceTarget } from './evidence.js';
import { filesTarget } from './files.js';
import { liveTarget } from './live.js';
import { plainTarget } from './plain.js';

/** Everything under fuzz. Cases take them in turn. */
export const TARGETS: readonly Target[] = [
  decodeTarget,
  filesTarget,
  batchTarget,
  captureTarget,
  evidenceTarget,
  liveTarget,
  plainTarget,
];
