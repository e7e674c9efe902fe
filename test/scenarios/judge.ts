import { type Finding, GRADES, type Grade, NOTE_CODES, type Report } from '@bothends/proto';
import type { Bounds, Expected, Scenario } from './scenario.js';

/** What is wrong with a report on a scenario's captures, in words; empty when nothing is. */
export function judge(scenario: Scenario, report: Report): string[] {
  const missing = scenario.expected.flatMap((expected) => shortfall(expected, report.findings));
  const expectedCodes = new Set(scenario.expected.map(({ code }) => code));
  const surplus = report.findings.filter(({ code, grade }) => {
    const known = expectedCodes.has(code) || scenario.also.includes(code) || NOTE_CODES.has(code);
    return !known && rank(grade) <= rank('likely');
  });
  return [...missing, ...surplus.map((finding) => `falsely accused: ${describe(finding)}`)];
}

/** Why an expectation is not met; empty when it is. */
function shortfall(expected: Expected, findings: readonly Finding[]): string[] {
  const alike = findings.filter(({ code }) => code === expected.code);
  if (alike.some((finding) => unmet(expected, finding).length === 0)) return [];
  if (alike.length === 0) return [`not found: ${expected.code}`];
  return alike.map((finding) => `${describe(finding)}, but ${unmet(expected, finding).join(', ')}`);
}

function unmet(expected: Expected, finding: Finding): string[] {
  const { direction, sender, causes, blame, min, max, attributes = {} } = expected;
  const faults: string[] = [];
  if (direction && finding.direction !== direction) faults.push(`direction is ${direction}`);
  if (sender && finding.sender !== sender) faults.push(`sender is ${sender}`);
  if (causes && !causes.includes(finding.cause)) faults.push(`cause is ${causes.join(' or ')}`);
  if (blame && finding.blame !== blame) faults.push(`blame is ${blame}`);
  if (rank(finding.grade) > rank(min)) faults.push(`at least ${min} is due`);
  if (max && rank(finding.grade) < rank(max)) faults.push(`at most ${max} is due`);
  for (const [name, bounds] of Object.entries(attributes)) {
    if (!within(finding.attributes[name], bounds)) faults.push(`${name} is ${JSON.stringify(bounds)}`);
  }
  return faults;
}

function within(value: unknown, bounds: Bounds | string): boolean {
  if (typeof bounds === 'string') return value === bounds;
  const { atLeast, atMost } = bounds;
  return typeof value === 'number' && value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
}

function rank(grade: Grade): number {
  return GRADES.indexOf(grade);
}

function describe({ code, grade, direction, sender, cause, attributes }: Finding): string {
  const about = [direction, sender, cause].filter((part) => part !== null).join(' ');
  return `${code} ${grade} ${about} ${JSON.stringify(attributes)}`;
}
