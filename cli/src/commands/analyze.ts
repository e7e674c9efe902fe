import { canonicalJson } from '@bothends/proto';
import { AnalysisProgress } from '../analyze/progress.js';
import { refuseSameFile } from '../analyze/source.js';
import { type ListFormat, type ReportFormat, reportOptions } from '../args/output.js';
import { name, port } from '../args/values.js';
import { type LadderFlags, ladderOptions } from '../args/zoom.js';
import { readReport } from '../client/report.js';
import { ExitStatus, UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { printLadder } from '../output/print-ladder.js';
import { printReport, type ReportFlags } from '../output/print-report.js';
import type { Setup } from '../program.js';

interface AnalyzeFlags extends ReportFlags, LadderFlags {
  name?: string;
  port?: number;
  vouchComplete?: boolean;
  flow?: string;
  progress?: boolean;
}

/** `bothends analyze A.pcap B.pcap`: the verdicts from two files, without a coordinator and without root. */
export function register({ program, io, exit }: Setup): void {
  const command = program
    .command('analyze')
    .helpGroup('Captures:')
    .summary('analyse two capture files, one taken at each end')
    .description(
      'Analyses two captures of the same traffic, one taken at each end, at the same time: pcap or pcapng, also ' +
        'gzip-compressed. Clocks need not agree, and which file is whose is told from the traffic.',
    )
    .argument('<client.pcap>', 'capture taken at one end')
    .argument('<server.pcap>', 'capture taken at the other end')
    .option('--name <name>', 'name of the capture in the report', name)
    .option('-p, --port <n>', 'port that is asked about; reports when nobody even tried it', port)
    .option('--vouch-complete', 'vouch that neither file lacks packets (noted as an unchecked assumption)')
    .option('--flow <id>', 'draw this flow as a two-ended ladder instead of the report')
    .option('--progress', 'tell progress on stderr even when it is no terminal');
  ladderOptions(reportOptions(command)).action(
    async (client: string, server: string, flags: AnalyzeFlags) => {
      exit(await run([client, server], flags, io));
    },
  );
}

async function run(paths: [string, string], flags: AnalyzeFlags, io: Io): Promise<number> {
  refuseSameFile(paths);
  if (flags.flow !== undefined) ladderFormat(flags.output);
  const { analyzeFiles } = await import('../analyze/analyze.js');
  const progress = new AnalysisProgress(io, flags.progress === true);
  const options = {
    captureId: 'files',
    captureName: flags.name ?? '',
    port: flags.port ?? null,
    vouchComplete: flags.vouchComplete === true,
  };
  const flow = flags.flow ?? null;
  const { result, warnings } = analyzeFiles(paths, options, flow, (amount) => progress.update(amount));
  progress.close();
  for (const warning of warnings) io.stderr.write(`bothends: warning: ${warning}\n`);
  if (result.kind === 'ladder') {
    printLadder(result.ladder, { ...flags, output: ladderFormat(flags.output) }, io);
    return ExitStatus.done;
  }
  return printReport(readReport(canonicalJson(result.report)), flags, io);
}

function ladderFormat(format: ReportFormat): ListFormat {
  if (format === 'text' || format === 'json') return format;
  throw new UsageError(`a flow cannot be drawn as ${format}`, 'With --flow, -o takes text or json.');
}
