import type { Evidence, Finding, Grade, Report } from '@bothends/proto';
import { flowTable } from './flows.js';
import { wrap } from './layout.js';
import { type FindingGroup, outcomeOf, type Page, pageOf } from './page.js';
import type { Style, TextOptions } from './style.js';
import { tapLines } from './taps.js';
import { asides, counted, fields, grouped, packetNumbers, tuple } from './words.js';

/** Flows shown before the rest is only counted: a report fits a page. */
const FLOWS_SHOWN = 10;
/** Faults told in full, then in one paragraph each, before the rest is only counted. */
const FULL_FAULTS = 1;
const FAULTS_SHOWN = 6;
const NOTES_SHOWN = 5;

/** A report for a terminal or a ticket. Ends with a newline. */
export function reportText(report: Report, options: TextOptions): string {
  const page = pageOf(report);
  const blocks: string[][] = [headline(report, options)];
  for (const [i, group] of page.faults.slice(0, FAULTS_SHOWN).entries()) {
    blocks.push(i < FULL_FAULTS ? fullFinding(group, report, options) : briefFinding(group, report, options));
  }
  const rest = page.faults.length - FAULTS_SHOWN;
  if (rest > 0) blocks.push([`  and ${counted(rest, 'more kind')} of fault: use -o json for all of them`]);
  if (page.notes.length > 0) blocks.push(notes(page.notes, options));
  blocks.push(flows(report, page, options));
  blocks.push(tapLines(report, options));
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function headline(report: Report, { width, style }: TextOptions): string[] {
  const paint = { fault: style.red, inconclusive: style.yellow, clean: style.green }[outcomeOf(report)];
  return wrap(report.headline, width).map((line) => style.bold(paint(line)));
}

function gradePaint(grade: Grade, style: Style): (text: string) => string {
  return grade === 'proven' || grade === 'strong' ? style.red : style.yellow;
}

/** Grade, code and fields of a finding. */
function title(finding: Finding, { width, style }: TextOptions): string[] {
  const grade = finding.grade.toUpperCase();
  const [first = '', ...rest] = wrap(fields(finding).join(' · '), width, `${grade}  ${finding.code}  `);
  const paint = gradePaint(finding.grade, style);
  const painted = `${style.bold(paint(grade))}  ${style.bold(finding.code)}`;
  return [painted + first.slice(grade.length + 2 + finding.code.length), ...rest];
}

function fullFinding(group: FindingGroup, report: Report, options: TextOptions): string[] {
  const { lead } = group;
  const { width, style } = options;
  const lines = title(lead, options);
  if (!report.headline.includes(lead.statement)) lines.push(...wrap(lead.statement, width, '  '));
  lines.push(...where(lead, report, options));
  const section = (name: string, items: string[][]) => {
    if (items.length > 0) lines.push('', `  ${style.bold(name)}`, ...items.flat());
  };
  const item = (mark: string, text: string) => wrap(text, width, `    ${mark} `);
  section(
    'Evidence',
    lead.evidence.map((e) => evidence(e, '✓', width, style.green)),
  );
  section(
    'What speaks against it',
    lead.counter.map((e) => evidence(e, '✗', width, style.red)),
  );
  const open = lead.assumptions.filter((a) => !a.checked);
  const held = lead.assumptions.filter((a) => a.checked);
  section(
    'Checked',
    held.map((a) => item('✓', a.text)),
  );
  section(
    'Assumed, not checked; it would weaken this',
    open.map((a) => item('?', a.text)),
  );
  section(
    'What is missing',
    lead.missing.map((text) => item('–', text)),
  );
  if (lead.remedy) section('What to do', [item('→', lead.remedy)]);
  const linked = related(group, options);
  if (linked.length > 0) lines.push('', ...linked);
  return lines;
}

function briefFinding(group: FindingGroup, report: Report, options: TextOptions): string[] {
  const { lead } = group;
  const first = lead.evidence[0];
  return [
    ...title(lead, options),
    ...wrap(lead.statement, options.width, '  '),
    ...where(lead, report, options),
    ...(first ? evidence(first, '✓', options.width, options.style.green) : []),
    ...(lead.remedy ? wrap(lead.remedy, options.width, '    → ') : []),
    ...related(group, options),
  ];
}

/** Flow, tuple and time of a finding. */
function where(finding: Finding, report: Report, { width, style }: TextOptions): string[] {
  const flow = report.flows.find((f) => f.id === finding.flow);
  const said: string[] = [];
  if (flow) said.push(`flow ${flow.id}`, `${flow.protocol} ${tuple(flow)}`);
  if (finding.at) said.push(`at ${finding.at}`);
  if (said.length === 0) return [];
  const lines = wrap(said.join(' · '), width, '  ');
  if (flow) lines.push(...asides(flow).flatMap((text) => wrap(text, width, '  ')));
  return lines.map(style.dim);
}

function evidence(item: Evidence, mark: string, width: number, paint: (t: string) => string): string[] {
  const numbers = packetNumbers(item);
  const lines = wrap(numbers ? `${item.text} ${numbers}` : item.text, width, `    ${mark} `);
  return lines.map((line, i) => (i === 0 ? line.replace(mark, paint(mark)) : line));
}

/** Other flows with the same finding, and findings that follow from it. */
function related(group: FindingGroup, { width }: TextOptions): string[] {
  const lines: string[] = [];
  if (group.more > 0) {
    const flowIds = group.alike.map((f) => f.flow).filter((id) => id !== null);
    const which = flowIds.length > 0 ? `: ${some(flowIds, group.more)}` : '';
    lines.push(...wrap(`the same on ${counted(group.more, 'more flow')}${which}`, width, '  '));
  }
  for (const finding of group.consequences.slice(0, 3)) {
    lines.push(...wrap(`consequence: ${finding.code}: ${finding.statement}`, width, '  ↳ '));
  }
  return lines;
}

function notes(groups: readonly FindingGroup[], { width, style }: TextOptions): string[] {
  const lines = [style.bold('Notes')];
  for (const { lead, more } of groups.slice(0, NOTES_SHOWN)) {
    const times = more > 0 ? ` (and ${counted(more, 'more flow')})` : '';
    lines.push(...wrap(`${lead.code}: ${lead.statement}${times}`, width, '  • '));
  }
  const rest = groups.length - NOTES_SHOWN;
  if (rest > 0) lines.push(`  and ${counted(rest, 'more kind')} of note`);
  return lines;
}

function flows(report: Report, page: Page, options: TextOptions): string[] {
  const { totalFlows: total, faultyFlows: faulty } = page;
  const shown = page.flows.slice(0, FLOWS_SHOWN);
  if (total === 0) return [options.style.bold('Flows: none')];
  const count = faulty > 0 ? `, ${grouped(faulty)} with a fault` : ', none with a fault';
  const lines = [options.style.bold(`${counted(total, 'flow')}${count}`)];
  lines.push(...flowTable(shown, report, options.width - 2).map((line) => `  ${line}`));
  const rest = total - shown.length;
  if (rest > 0) lines.push(`  and ${grouped(rest)} more: ${whereAllFlowsAre(report)}`);
  return lines;
}

/** `f2, f3, f4 and 9 more`: the first of so many. */
function some(ids: readonly string[], of: number): string {
  const shown = ids.slice(0, 6);
  return of > shown.length ? `${shown.join(', ')} and ${grouped(of - shown.length)} more` : shown.join(', ');
}

/** Analyses of two files are kept nowhere: they have no id to ask for. */
function whereAllFlowsAre({ capture }: Report): string {
  return capture.id === 'files' ? '-o json lists them' : `\`bothends flows ${capture.id}\` lists them`;
}
