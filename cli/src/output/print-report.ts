import type { ReportFormat } from '../args/output.js';
import type { ReportDocument } from '../client/report.js';
import { ExitStatus } from '../errors.js';
import type { Io } from '../io.js';
import { reportHtml } from '../render/html/html.js';
import { reportMarkdown } from '../render/markdown.js';
import { outcomeOf } from '../render/page.js';
import { styleFor, textWidth } from '../render/style.js';
import { reportText } from '../render/text.js';

export interface ReportFlags {
  output: ReportFormat;
  exitCode?: boolean;
}

/** Prints a report on stdout as the flags say. Returns the exit status. */
export function printReport(document: ReportDocument, flags: ReportFlags, io: Io): number {
  for (const piece of rendered(document, flags.output, io)) io.stdout.write(piece);
  if (!flags.exitCode) return ExitStatus.done;
  const outcome = outcomeOf(document.report);
  return { fault: ExitStatus.fault, inconclusive: ExitStatus.inconclusive, clean: ExitStatus.done }[outcome];
}

function rendered({ json, report }: ReportDocument, format: ReportFormat, io: Io): Iterable<string> {
  switch (format) {
    case 'json':
      return json;
    case 'markdown':
      return [reportMarkdown(report)];
    case 'html':
      return [reportHtml(report)];
    case 'text':
      return [reportText(report, { width: textWidth(io.stdout), style: styleFor(io.stdout, io.env) })];
  }
}
