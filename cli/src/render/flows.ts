import { type Finding, type FlowReport, NOTE_CODES, type Report } from '@bothends/proto';
import { type TableColumn, tableLines } from './layout.js';
import { endpoint } from './words.js';

const COLUMNS: readonly TableColumn[] = [
  { title: 'FLOW' },
  { title: 'PROTO' },
  { title: 'CLIENT' },
  { title: 'SERVER' },
  { title: 'AT C/S', align: 'right' },
  { title: 'LOST →/←', align: 'right' },
  { title: 'FINDINGS' },
];

/** Columns below which a table has no room for grades: the codes alone fit a terminal of 80. */
const GRADED_WIDTH = 96;

/** The flow table as lines: packets at the client's and the server's tap, how many died on the way there and back. */
export function flowTable(flows: readonly FlowReport[], report: Report, width: number): string[] {
  const byId = new Map(report.findings.map((f) => [f.id, f]));
  const rows = flows.map((flow) => [
    flow.id,
    flow.protocol,
    endpoint(flow.client),
    [endpoint(flow.server), ...(flow.names ?? [])].join(' '),
    `${flow.packets.clientTap}/${flow.packets.serverTap}`,
    `${flow.packets.lostToServer}/${flow.packets.lostToClient}`,
    findingsText(findingsOf(flow, byId), width >= GRADED_WIDTH),
  ]);
  return tableLines(COLUMNS, rows, width);
}

/** The codes of a flow's findings, the first with its grade where there is room. */
function findingsText([first, ...rest]: readonly Finding[], graded: boolean): string {
  if (!first) return '–';
  return [graded ? findingLabel(first) : first.code, ...rest.map((f) => f.code)].join(', ');
}

/** Findings of a flow, faults before notes. */
export function findingsOf(flow: FlowReport, byId: ReadonlyMap<string, Finding>): Finding[] {
  const own = flow.findings.map((id) => byId.get(id)).filter((f) => f !== undefined);
  return own.sort((a, b) => Number(NOTE_CODES.has(a.code)) - Number(NOTE_CODES.has(b.code)));
}

/** `rst-forged (proven)`; notes without their grade. */
export function findingLabel(finding: Finding): string {
  return NOTE_CODES.has(finding.code) ? finding.code : `${finding.code} (${finding.grade})`;
}
