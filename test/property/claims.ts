import { type Finding, GRADES, type Grade, NOTE_CODES, type Report, type VerdictCode } from '@bothends/proto';

/** What a report says, without times, packet numbers and names of taps. */
export function claims(report: Report): string[] {
  return report.findings.map((finding) => `${claim(finding)} ${finding.grade}`).sort();
}

function claim({ code, direction, sender }: Finding): string {
  return `${code} ${direction} ${sender}`;
}

function rank(grade: Grade): number {
  return GRADES.indexOf(grade);
}

/**
 * Accusations at `strong` or better that the whole evidence does not make at least as strongly. `also`: codes that are
 * true of the incident, and that a stronger finding may have explained away.
 */
export function newAccusations(less: Report, whole: Report, also: readonly VerdictCode[]): string[] {
  const best = new Map<string, number>();
  for (const finding of whole.findings) {
    best.set(claim(finding), Math.min(rank(finding.grade), best.get(claim(finding)) ?? GRADES.length));
  }
  return less.findings
    .filter(
      ({ code, grade }) => !NOTE_CODES.has(code) && !also.includes(code) && rank(grade) <= rank('strong'),
    )
    .filter((finding) => rank(finding.grade) < (best.get(claim(finding)) ?? GRADES.length))
    .map((finding) => `${claim(finding)} ${finding.grade}: ${finding.statement}`);
}
