import { type Command, Option } from 'commander';

/** How a report is printed. */
export type ReportFormat = 'text' | 'json' | 'markdown' | 'html';
/** How a list or one item is printed: for people, or as one JSON object per line. */
export type ListFormat = 'text' | 'json';

/** Adds `-o` for commands that print a report, and `--exit-code`. */
export function reportOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-o, --output <format>', 'how to print the report')
        .choices(['text', 'json', 'markdown', 'html'])
        .default('text'),
    )
    .option('--exit-code', 'exit with 10 when a fault is found, 11 when the evidence does not decide');
}

/** Adds `-o` for commands that print a list or one item. */
export function listOption(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print it; json: one object per line')
      .choices(['text', 'json'])
      .default('text'),
  );
}
