import { type FlowReport, formatDuration, type Report } from '@bothends/proto';
import { findingLabel, findingsOf } from '../flows.js';
import { outcomeOf, type Page, pageOf } from '../page.js';
import { clockText, filterText, remarks, tapText } from '../taps.js';
import { counted, endpoint, grouped } from '../words.js';
import { CSS } from './css.js';
import { escapeHtml } from './escape.js';
import { faultArticle, listOf } from './finding.js';

/** Flows in the table: a file of this size still opens from an e-mail at once. */
const FLOWS_SHOWN = 500;
const FAULTS_SHOWN = 50;

/** A report as one HTML file that needs nothing else: no script, no asset from outside. */
export function reportHtml(report: Report): string {
  const page = pageOf(report);
  const title = escapeHtml(report.headline);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${CSS}</style>
</head>
<body class="${outcomeOf(report)}">
<header>
<h1>${title}</h1>
<p>${escapeHtml(captureLine(report))}</p>
</header>
<main>
${[...faults(report, page), ...notes(page), flowSection(report, page), tapSection(report)].join('\n')}
</main>
<footer>Written by bothends ${escapeHtml(report.engine)}. Whoever holds the evidence can compute this report again.</footer>
</body>
</html>
`;
}

function captureLine({ capture }: Report): string {
  const name = capture.name && capture.name !== capture.id ? `${capture.name} (${capture.id})` : capture.id;
  const times = [capture.startedAt, capture.endedAt].filter((t) => t !== null).join(' to ');
  return `Capture ${name}${times ? `, ${times}` : ''}`;
}

function faults(report: Report, page: Page): string[] {
  const articles = page.faults.slice(0, FAULTS_SHOWN).map((group) => faultArticle(group, report));
  const rest = page.faults.length - articles.length;
  return rest > 0 ? [...articles, `<p>…and ${counted(rest, 'more kind')} of fault.</p>`] : articles;
}

function notes(page: Page): string[] {
  if (page.notes.length === 0) return [];
  const items = page.notes.map(({ lead, more: flows }) => {
    const more = flows > 0 ? ` (and ${counted(flows, 'more flow')})` : '';
    return `<code>${lead.code}</code> ${escapeHtml(lead.statement)}${more}`;
  });
  return [`<section><h2>Notes</h2>${listOf(items, '•', '')}</section>`];
}

function flowSection(report: Report, page: Page): string {
  if (report.flows.length === 0) return '<section><h2>No flows</h2></section>';
  const byId = new Map(report.findings.map((f) => [f.id, f]));
  const row = (flow: FlowReport) => {
    const labels = findingsOf(flow, byId).map((f) => `<span>${escapeHtml(findingLabel(f))}</span>`);
    const connect = flow.latency?.connectNs == null ? '–' : formatDuration(flow.latency.connectNs);
    const { clientTap, serverTap, matched, lostToServer, lostToClient } = flow.packets;
    const text = [flow.id, flow.protocol, endpoint(flow.client), endpoint(flow.server)].map(cell);
    const numbers = [clientTap, serverTap, matched].map((n) => number(grouped(n)));
    const lost = number(`${lostToServer} / ${lostToClient}`);
    return `<tr>${text.join('')}${numbers.join('')}${lost}${number(connect)}<td class="findings">${labels.join(', ') || '–'}</td></tr>`;
  };
  const shown = page.flows.slice(0, FLOWS_SHOWN);
  const rest = page.totalFlows - shown.length;
  const more = rest > 0 ? `<p>…and ${grouped(rest)} more flows.</p>` : '';
  return `<section><h2>${counted(page.totalFlows, 'flow')}, ${grouped(page.faultyFlows)} with a fault</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Flow</th><th scope="col">Protocol</th><th scope="col">Client</th><th scope="col">Server</th><th scope="col" class="n">At client</th><th scope="col" class="n">At server</th><th scope="col" class="n">Matched</th><th scope="col" class="n">Lost → / ←</th><th scope="col" class="n">Connect</th><th scope="col">Findings</th></tr></thead>
<tbody>
${shown.map(row).join('\n')}
</tbody></table></div>${more}</section>`;
}

function cell(text: string): string {
  return `<td>${escapeHtml(text)}</td>`;
}

function number(text: string): string {
  return `<td class="n">${escapeHtml(text)}</td>`;
}

function tapSection(report: Report): string {
  const taps = report.taps.map((tap) => {
    const filter = tap.filter ? `<br>filter <code>${escapeHtml(filterText(tap))}</code>` : '';
    const gaps = remarks(tap).map((text) => `<br>${escapeHtml(text)}`);
    return `<strong>${tap.role}</strong> ${escapeHtml(tapText(tap))}${filter}${gaps.join('')}`;
  });
  const clock = `<strong>clock</strong> ${escapeHtml(clockText(report.clock))}`;
  return `<section><h2>Taps and clock</h2>${listOf([...taps, clock], '•', '')}</section>`;
}
