import type { Evidence, Finding, Report } from '@bothends/proto';
import type { FindingGroup } from '../page.js';
import { asides, counted, fields, packetNumbers, tuple } from '../words.js';
import { escapeHtml, prose } from './escape.js';

/** One fault as an article: what, where, why, what would weaken it, what to do. */
export function faultArticle({ lead, more, consequences }: FindingGroup, report: Report): string {
  const tone = lead.grade === 'proven' || lead.grade === 'strong' ? 'fault' : 'inconclusive';
  const parts = [
    `<article class="${tone}" id="${escapeHtml(lead.id)}">`,
    `<h2><span class="grade">${lead.grade}</span> <code>${lead.code}</code></h2>`,
    `<p>${prose(lead.statement)}</p>`,
    `<p class="facts">${facts(lead, report, more)}</p>`,
    section('Evidence', lead.evidence.map(evidence), '✓', 'for'),
    section('What speaks against it', lead.counter.map(evidence), '✗', 'against'),
    section('Checked', assumptions(lead, true), '✓', 'for'),
    section('Assumed, not checked; it would weaken this', assumptions(lead, false), '?', ''),
    section('What is missing', lead.missing.map(prose), '–', ''),
    section('Consequences', consequences.map(consequence), '↳', ''),
  ];
  if (lead.remedy) {
    parts.push(`<div class="remedy"><h3>What to do</h3><p>${prose(lead.remedy)}</p></div>`);
  }
  return [...parts.filter((p) => p !== ''), '</article>'].join('\n');
}

/** A list whose items (HTML) carry a mark. */
export function listOf(items: readonly string[], mark: string, kind: string): string {
  const attribute = kind === '' ? '' : ` class="${kind}"`;
  return `<ul>${items.map((item) => `<li${attribute} data-mark="${mark}">${item}</li>`).join('')}</ul>`;
}

function section(title: string, items: readonly string[], mark: string, kind: string): string {
  return items.length === 0 ? '' : `<h3>${title}</h3>\n${listOf(items, mark, kind)}`;
}

function facts(finding: Finding, report: Report, more: number): string {
  const said = fields(finding).map(escapeHtml);
  const flow = report.flows.find((f) => f.id === finding.flow);
  if (flow)
    said.push(
      `flow <code>${escapeHtml(flow.id)}</code> <code>${escapeHtml(tuple(flow))}</code>`,
      ...asides(flow).map(escapeHtml),
    );
  if (finding.at) said.push(`at <time>${escapeHtml(finding.at)}</time>`);
  if (more > 0) said.push(`the same on ${counted(more, 'more flow')}`);
  return said.join(' · ');
}

function evidence(item: Evidence): string {
  const numbers = packetNumbers(item);
  return `${prose(item.text)}${numbers ? ` <span class="packets">${escapeHtml(numbers)}</span>` : ''}`;
}

function assumptions(finding: Finding, checked: boolean): string[] {
  return finding.assumptions.filter((a) => a.checked === checked).map((a) => prose(a.text));
}

function consequence(finding: Finding): string {
  return `<code>${finding.code}</code> ${escapeHtml(finding.statement)}`;
}
