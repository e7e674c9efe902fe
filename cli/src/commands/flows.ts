import { NOTE_CODES } from '@bothends/proto';
import { type ListFormat, listOption } from '../args/output.js';
import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import { jsonLine } from '../output/json-lines.js';
import { flowTable } from '../render/flows.js';
import { pageOf } from '../render/page.js';
import { textWidth } from '../render/style.js';
import { fetchReport } from './report.js';
import type { Setup } from './setup.js';

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
    .option('--faulty', 'only flows with a fault');
  listOption(command).action((id: string, flags: { output: ListFormat; faulty?: boolean }) =>
    withCoordinator(command, io, async (connection) => {
      const { report } = await fetchReport(connection, id, io);
      const faults = new Set(report.findings.filter((f) => !NOTE_CODES.has(f.code)).map((f) => f.id));
      const flows = pageOf(report).flows.filter(
        (f) => !flags.faulty || f.findings.some((id) => faults.has(id)),
      );
      if (flags.output === 'json') {
        for (const flow of flows) io.stdout.write(jsonLine(flow));
      } else if (flows.length === 0) {
        io.stderr.write(flags.faulty ? 'No flow has a fault.\n' : 'The capture holds no flow.\n');
      } else {
        io.stdout.write(`${flowTable(flows, report, textWidth(io.stdout)).join('\n')}\n`);
      }
    }),
  );
}
