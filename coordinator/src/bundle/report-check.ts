import type { Finding, Report } from '@bothends/proto';

/** How the report in a bundle differs from the one that follows from its evidence; each sentence names a place. */
export function reportDifferences(stated: string, computed: string): string[] {
  if (stated === computed) return [];
  const report = parse(stated);
  if (report === null) return ['report.json is no report: it cannot be read as JSON'];
  const right = JSON.parse(computed) as Report;
  const found = [...findingDifferences(report, right), ...sectionDifferences(report, right)];
  return found.length > 0 ? found : ['report.json says the same in other bytes: it was written anew'];
}

function parse(text: string): Report | null {
  try {
    const value = JSON.parse(text) as Partial<Report> | null;
    return Array.isArray(value?.findings) ? (value as Report) : null;
  } catch {
    return null;
  }
}

function findingDifferences(stated: Report, computed: Report): string[] {
  const differences: string[] = [];
  const right = new Map(computed.findings.map((finding) => [finding.id, finding]));
  for (const finding of stated.findings) {
    const follows = right.get(finding.id);
    right.delete(finding.id);
    if (!follows) differences.push(`finding ${nameOf(finding)} does not follow from the evidence`);
    else differences.push(...changedFields(finding, follows));
  }
  for (const finding of right.values()) {
    differences.push(`finding ${nameOf(finding)} follows from the evidence and is missing from the report`);
  }
  return differences;
}

function changedFields(stated: Finding, follows: Finding): string[] {
  const fields = Object.keys(follows) as (keyof Finding)[];
  return fields
    .filter((field) => !same(stated[field], follows[field]))
    .map((field) => {
      const values = `${shown(stated[field])} in the report, ${shown(follows[field])} by the evidence`;
      return `finding ${nameOf(follows)}: its ${field} is ${values}`;
    });
}

function sectionDifferences(stated: Report, computed: Report): string[] {
  return (Object.keys(computed) as (keyof Report)[])
    .filter((section) => section !== 'findings' && !same(stated[section], computed[section]))
    .map((section) => `"${section}" of the report does not follow from the evidence`);
}

function nameOf({ id, code }: Finding): string {
  return `${id} (${code})`;
}

/** Longest value that is shown whole; what is longer is told by its beginning. */
const SHOWN = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
