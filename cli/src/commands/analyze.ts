import type { EngineOptions } from '@bothends/coordinator';
import { canonicalJson } from '@bothends/proto';
import type { FileAnalysis } from '../analyze/analyze.js';
import type { BundleRecorder } from '../analyze/bundle-recorder.js';
import { type Amount, AnalysisProgress } from '../analyze/progress.js';
import { inOneOrder, refuseSameFile, tapNames } from '../analyze/source.js';
import { type ListFormat, type ReportFormat, reportOptions } from '../args/output.js';
import { name, port } from '../args/values.js';
import { type LadderFlags, ladderOptions } from '../args/zoom.js';
import { ownReport } from '../client/report.js';
import { ExitStatus, UsageError } from '../errors.js';
import type { NewFile } from '../export/new-file.js';
import { type FileFlags, fileOptions, requireOutputs, writeOutputs } from '../export/outputs.js';
import type { Io } from '../io.js';
import { printLadder } from '../output/print-ladder.js';
import { printReport, type ReportFlags } from '../output/print-report.js';
import type { Setup } from './setup.js';

interface AnalyzeFlags extends ReportFlags, LadderFlags, FileFlags {
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
  ladderOptions(reportOptions(fileOptions(command))).action(
    async (client: string, server: string, flags: AnalyzeFlags) => {
      exit(await run([client, server], flags, io));
    },
  );
}

async function run(named: [string, string], flags: AnalyzeFlags, io: Io): Promise<number> {
  refuseSameFile(named);
  const paths = inOneOrder(named);
  if (flags.flow === undefined) refuseZoom(flags);
  else ladderFormat(flags.output);
  if (flags.flow !== undefined && (flags.bundle || flags.pcapng)) {
    throw new UsageError(
      '--flow draws one flow, files hold all',
      'Write the files in a call without --flow.',
    );
  }
  requireOutputs(flags);
  if (!flags.bundle && !flags.pcapng) return show(await analyze(paths, flags, io), flags, io);
  const analysis = await writeOutputs(flags, io, (file) => analyze(paths, flags, io, file));
  return show(analysis, flags, io);
}

/** Options that choose what a ladder shows mean nothing without one. */
function refuseZoom(flags: AnalyzeFlags): void {
  const given = (['around', 'from', 'to', 'width'] as const).find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw new UsageError(`--${given} chooses what a drawn flow shows`, 'Give --flow ID with it.');
}

/** The analysis; what it rests on goes into `bundle`, where one is given. */
async function analyze(
  paths: [string, string],
  flags: AnalyzeFlags,
  io: Io,
  bundle: NewFile | null = null,
): Promise<FileAnalysis> {
  const { analyzeFiles } = await import('../analyze/analyze.js');
  const options = {
    captureId: 'files',
    captureName: flags.name ?? '',
    port: flags.port ?? null,
    vouchComplete: flags.vouchComplete === true,
  };
  const recorder = bundle && (await recorderInto(bundle, paths, options, flags, io));
  const progress = new AnalysisProgress(io, flags.progress === true);
  const tell = (amount: Amount) => progress.update(amount);
  const analysis = await analyzeFiles(paths, options, flags.flow ?? null, tell, recorder);
  progress.close();
  if (analysis.result.kind === 'report') recorder?.finish(canonicalJson(analysis.result.report));
  return analysis;
}

async function recorderInto(
  out: NewFile,
  paths: [string, string],
  options: EngineOptions,
  flags: AnalyzeFlags,
  io: Io,
): Promise<BundleRecorder> {
  const { BundleRecorder } = await import('../analyze/bundle-recorder.js');
  const pseudonymise = flags.pseudonymise === true;
  return new BundleRecorder({ out, options, names: tapNames(paths), pseudonymise, nowMs: io.now() });
}

function show({ result, warnings }: FileAnalysis, flags: AnalyzeFlags, io: Io): number {
  for (const warning of warnings) io.stderr.write(`bothends: warning: ${warning}\n`);
  if (result.kind === 'report') return printReport(ownReport(result.report), flags, io);
  printLadder(result.ladder, { ...flags, output: ladderFormat(flags.output) }, io);
  return ExitStatus.done;
}

function ladderFormat(format: ReportFormat): ListFormat {
  if (format === 'text' || format === 'json') return format;
  throw new UsageError(`a flow cannot be drawn as ${format}`, 'With --flow, -o takes text or json.');
}
