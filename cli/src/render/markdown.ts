import type { Evidence, Finding, FlowReport, Report } from '@bothends/proto';
import { findingLabel, findingsOf } from './flows.js';
import { type FindingGroup, type Page, pageOf } from './page.js';
import { clockText, filterText, remarks, tapText } from './taps.js';
import { asides, counted, endpoint, fields, grouped, packetNumbers, tuple } from './words.js';

const FLOWS_SHOWN = 10;
const FAULTS_SHOWN = 10;

/** A report for tickets and chat (CommonMark with GitHub's tables). Ends with a newline. */
export function reportMarkdown(report: Report): string {
  const page = pageOf(report);
  const blocks = [`## ${inline(report.headline)}`];
  for (const group of page.faults.slice(0, FAULTS_SHOWN)) blocks.push(...faultBlocks(group, report));
  const rest = page.faults.length - FAULTS_SHOWN;
  if (rest > 0) blocks.push(`…and ${counted(rest, 'more kind')} of fault.`);
  if (page.notes.length > 0) blocks.push('### Notes', page.notes.map(note).join('\n'));
  blocks.push(...flowBlocks(report, page), '### Taps and clock', tapBlock(report));
  return `${blocks.join('\n\n')}\n`;
}

function faultBlocks({ lead, more, consequences }: FindingGroup, report: Report): string[] {
  const flow = report.flows.find((f) => f.id === lead.flow);
  const facts = [...fields(lead)];
  if (flow) facts.push(`flow \`${flow.id}\` \`${tuple(flow)}\``, ...asides(flow).map(inline));
  if (lead.at) facts.push(`at \`${lead.at}\``);
  if (more > 0) facts.push(`the same on ${counted(more, 'more flow')}`);
  const blocks = [`### \`${lead.code}\`: ${lead.grade}`, inline(lead.statement), facts.join(' · ')];
  const section = (title: string, lines: string[]) => {
    if (lines.length > 0) blocks.push(`**${title}**`, lines.join('\n'));
  };
  section(
    'Evidence',
    lead.evidence.map((e) => evidence(e, '✓')),
  );
  section(
    'What speaks against it',
    lead.counter.map((e) => evidence(e, '✗')),
  );
  section('Assumed', lead.assumptions.map(assumption));
  section(
    'Missing',
    lead.missing.map((text) => `- ${inline(text)}`),
  );
  section(
    'Consequences',
    consequences.map((f) => `- \`${f.code}\`: ${inline(f.statement)}`),
  );
  if (lead.remedy) blocks.push(`**What to do:** ${inline(lead.remedy)}`);
  return blocks;
}

function evidence(item: Evidence, mark: string): string {
  const numbers = packetNumbers(item);
  return `- ${mark} ${inline(item.text)}${numbers ? ` ${numbers}` : ''}`;
}

function assumption(item: Finding['assumptions'][number]): string {
  return `- [${item.checked ? 'x' : ' '}] ${inline(item.text)}`;
}

function note({ lead, more: flows }: FindingGroup): string {
  const more = flows > 0 ? ` (and ${counted(flows, 'more flow')})` : '';
  return `- \`${lead.code}\`: ${inline(lead.statement)}${more}`;
}

function flowBlocks(report: Report, page: Page): string[] {
  const title = `### ${counted(page.totalFlows, 'flow')}, ${grouped(page.faultyFlows)} with a fault`;
  if (report.flows.length === 0) return ['### No flows'];
  const byId = new Map(report.findings.map((f) => [f.id, f]));
  const row = (f: FlowReport) =>
    [
      f.id,
      `\`${endpoint(f.client)}\``,
      `\`${endpoint(f.server)}\``,
      String(f.packets.clientTap),
      String(f.packets.serverTap),
      `${f.packets.lostToServer} / ${f.packets.lostToClient}`,
      findingsOf(f, byId).map(findingLabel).join(', ') || '–',
    ].join(' | ');
  const table = [
    '| flow | client | server | at client | at server | lost → / ← | findings |',
    '| --- | --- | --- | ---: | ---: | ---: | --- |',
    ...page.flows.slice(0, FLOWS_SHOWN).map((f) => `| ${row(f)} |`),
  ];
  const rest = page.totalFlows - FLOWS_SHOWN;
  return [title, table.join('\n'), ...(rest > 0 ? [`…and ${grouped(rest)} more.`] : [])];
}

function tapBlock(report: Report): string {
  const lines = report.taps.flatMap((tap) => [
    `- **${tap.role}** ${inline(tapText(tap))}${tap.filter ? `; filter ${code(filterText(tap))}` : ''}`,
    ...remarks(tap).map((text) => `  - ${inline(text)}`),
  ]);
  return [...lines, `- **clock** ${inline(clockText(report.clock))}`].join('\n');
}

/** Text whose characters keep no meaning in Markdown or HTML, except that `code` between back quotes stays code. */
function inline(text: string): string {
  const parts = text.replace(/\s*\n\s*/g, ' ').split(/(`[^`]+`)/);
  return parts
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\`*_[\]<>|]/g, (c) => `\\${c}`)))
    .join('');
}

/** A code span whose fence is longer than any run of back quotes in it. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
}
