import type { Grade } from '@bothends/proto';

/** Grades at which a sentence may claim; below them it says only what may be. */
export function carriesClaim(grade: Grade): boolean {
  return grade !== 'possible' && grade !== 'inconclusive';
}

export function count(n: number, what: string): string {
  return n === 1 ? `one ${what}` : `${n} ${what}s`;
}
