import type { Grade } from '@bothends/proto';

/** Whether a statement may say plainly that something was lost; below, the capture may have missed it. */
export function isSure(grade: Grade): boolean {
  return grade === 'proven' || grade === 'strong' || grade === 'likely';
}

export function count(n: number, what: string): string {
  return n === 1 ? `one ${what}` : `${n} ${what}s`;
}
