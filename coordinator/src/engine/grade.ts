import { GRADES, type Grade } from '@bothends/proto';
import type { Vouch } from './taps.js';

/** What a conclusion rests on; the only input to its grade. */
export interface Case {
  /**
   * Independent kinds of evidence. Facts that stem from one another count once: the TTL and the IP id of one
   * RST are one line, the silence of one tap about two packets is one line.
   */
  lines: number;
  /** Every alternative is contradicted, provided that the absences claimed hold. */
  conclusive: boolean;
  /** The weakest tap on whose silence the conclusion rests; null when nothing is claimed to be absent. */
  absence: Vouch | null;
  /** Rests on header fields alone (TTL, DSCP, shape). */
  headersOnly: boolean;
  /** Observations that speak against it and are not explained. */
  counter: number;
}

/**
 * Grades a case.
 * A tap that failed says nothing. An absence that a tap cannot vouch for with a drop count never gives more than
 * `strong`, and that only with two further independent lines. One unexplained observation against caps at `possible`.
 */
export function gradeCase(c: Case): Grade {
  return weakest(ceiling(c), raw(c));
}

function raw(c: Case): Grade {
  if (c.absence === 'complete' || c.absence === null) {
    if (c.conclusive) return 'proven';
    return c.lines >= 2 ? 'strong' : 'likely';
  }
  if (c.absence === 'word') return c.conclusive || c.lines >= 2 ? 'strong' : 'likely';
  if (c.lines >= 3) return 'strong';
  return c.lines >= 2 ? 'likely' : 'possible';
}

function ceiling(c: Case): Grade {
  if (c.counter > 0) return 'possible';
  if (c.absence === 'failed' || c.absence === 'open') return c.lines >= 2 ? 'possible' : 'inconclusive';
  if (c.absence === 'doubtful') return 'possible';
  if (c.absence === 'unaligned' || c.headersOnly) return 'likely';
  return 'proven';
}

/** "Forged" is either claimed or left open: a mere possibility accuses somebody all the same. */
export function saidOrOpen(grade: Grade): Grade {
  return grade === 'possible' ? 'inconclusive' : grade;
}

/** The weaker of two grades. */
export function weakest(a: Grade, b: Grade): Grade {
  return GRADES.indexOf(a) > GRADES.indexOf(b) ? a : b;
}

/** The stronger of two grades. */
export function strongest(a: Grade, b: Grade): Grade {
  return GRADES.indexOf(a) < GRADES.indexOf(b) ? a : b;
}

/** What a tap may say, the best word first. */
const VOUCHES: readonly Vouch[] = [
  'complete',
  'word',
  'unverified',
  'unaligned',
  'doubtful',
  'open',
  'failed',
];

/** The weakest of several taps' words, null for none. */
export function weakestVouch(levels: readonly Vouch[]): Vouch | null {
  let worst: Vouch | null = null;
  for (const level of levels)
    if (worst === null || VOUCHES.indexOf(level) > VOUCHES.indexOf(worst)) worst = level;
  return worst;
}

/** The strongest of several taps' words, null for none. */
export function strongestVouch(levels: readonly Vouch[]): Vouch | null {
  let best: Vouch | null = null;
  for (const level of levels)
    if (best === null || VOUCHES.indexOf(level) < VOUCHES.indexOf(best)) best = level;
  return best;
}
