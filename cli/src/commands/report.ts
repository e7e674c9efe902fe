import { reportOptions } from '../args/output.js';
import { name } from '../args/values.js';
import type { Connection } from '../client/client.js';
import { type ReportDocument, readReport } from '../client/report.js';
import { withCoordinator } from '../client/session.js';
import type { Io } from '../io.js';
import { patiently } from '../output/patiently.js';
import { printReport, type ReportFlags } from '../output/print-report.js';
import type { Setup } from './setup.js';

/** `bothends report ID`: what a capture proves. */
export function register({ program, io, exit }: Setup): void {
  const command = program
    .command('report')
    .helpGroup('Captures:')
    .summary('print the report of a capture')
    .description(
      'Prints the report of a capture: who did what, how sure that is, on what evidence, and what to do.',
    )
    .argument('<id>', 'id or name of the capture', name);
  reportOptions(command).action((id: string, flags: ReportFlags) =>
    withCoordinator(command, io, async (connection) => {
      exit(printReport(await fetchReport(connection, id, io), flags, io));
    }),
  );
}

/** The report of a capture, from the coordinator. */
export async function fetchReport(
  connection: Connection,
  captureId: string,
  io: Io,
): Promise<ReportDocument> {
  const call = connection.call(connection.stub.getReport, { captureId }, true);
  const { reportJson } = await patiently(io, 'Computing the report', call);
  return readReport(reportJson);
}
