import { NOTE_CODES, type Report } from '@bothends/proto';
import { type ListFormat, listOption } from '../args/output.js';
import { count, name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import type { Io } from '../io.js';
import { jsonLine } from '../output/json-lines.js';
import { flowTable } from '../render/flows.js';
import { pageOf } from '../render/page.js';
import { textWidth } from '../render/style.js';
import { grouped } from '../render/words.js';
import { fetchReport } from './report.js';
import type { Setup } from './setup.js';

/** Rows of text before the rest is only counted: some pages of a terminal. */
const SHOWN = 100;

interface FlowsFlags {
  output: ListFormat;
  faulty?: boolean;
  limit?: number;
}

/** `bothends flows ID`: every flow of a capture, faulty ones first. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('flows')
    .helpGroup('Captures:')
    .summary('list the flows of a capture')
    .description(
      'Lists the flows of a capture, faulty ones first: packets at each tap, matched, lost, and findings.',
    )
    .argument('<id>', 'id or name of the capture', name)
    .option('--faulty', 'only flows with a fault')
    .option('-n, --limit <n>', `flows shown (default: ${SHOWN} as text, all with -o json)`, count);
  listOption(command).action((id: string, flags: FlowsFlags) =>
    withCoordinator(command, io, async (connection) => {
      const { report } = await fetchReport(connection, id, io);
      print(report, flags, io);
    }),
  );
}

function print(report: Report, flags: FlowsFlags, io: Io): void {
  const faults = new Set(report.findings.filter((f) => !NOTE_CODES.has(f.code)).map((f) => f.id));
  const { flows, totalFlows, faultyFlows } = pageOf(report);
  const wanted = flows.filter((f) => !flags.faulty || f.findings.some((id) => faults.has(id)));
  if (flags.output === 'json') {
    for (const flow of wanted.slice(0, flags.limit)) io.stdout.write(jsonLine(flow));
    return;
  }
  if (wanted.length === 0) {
    io.stderr.write(flags.faulty ? 'No flow has a fault.\n' : 'The capture holds no flow.\n');
    return;
  }
  const shown = wanted.slice(0, flags.limit ?? SHOWN);
  io.stdout.write(`${flowTable(shown, report, textWidth(io.stdout)).join('\n')}\n`);
  const rest = (flags.faulty ? faultyFlows : totalFlows) - shown.length;
  if (rest > 0)
    io.stderr.write(`and ${grouped(rest)} more: ${whereTheyAre(wanted.length > shown.length, flags)}\n`);
}

function whereTheyAre(isListed: boolean, { faulty }: FlowsFlags): string {
  if (!isListed) return 'the report does not list them one by one; capture with a narrower filter';
  return `--limit N shows more${faulty ? '' : ', --faulty those with a fault'}, -o json all that the report lists`;
}
