import { Random } from '../truth/random.js';
import type { Input, Target } from './target.js';
import { TARGETS } from './targets/index.js';

/** Keeps the cases of neighbouring seeds apart: the golden ratio of 2^32, odd, so that no two seeds meet. */
const SPREAD = 0x9e37_79b1;

/** The target of the case at this index: all in turn. */
export function targetOf(index: number): Target {
  return TARGETS[index % TARGETS.length] as Target;
}

/** The input of a case: the same for the same seed and index, on every machine. */
export function makeCase(seed: number, index: number): Input {
  return targetOf(index).make(new Random((Math.imul(seed, SPREAD) + index) >>> 0));
}
