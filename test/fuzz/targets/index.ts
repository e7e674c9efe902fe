import type { Target } from '../target.js';
import { batchTarget } from './batch.js';
import { decodeTarget } from './decode.js';
import { captureTarget, evidenceTarget } from './engine.js';
import { filesTarget } from './files.js';

/** Everything under fuzz. Cases take them in turn. */
export const TARGETS: readonly Target[] = [
  decodeTarget,
  filesTarget,
  batchTarget,
  captureTarget,
  evidenceTarget,
];
