import { NOTE_CODES, type Report } from '@bothends/proto';
import type { Incident } from './incidents.js';

/** Where the demo writes. */
export interface Screen {
  write(text: string): void;
  say(text: string): void;
  title(text: string): void;
  /** A command line, as the user would type it. */
  command(args: readonly string[]): void;
}

export function terminalScreen(output: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const colour = output.isTTY && !env.NO_COLOR;
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const write = (text: string) => {
    output.write(text);
  };
  let titles = 0;
  return {
    write,
    say: (text) => write(`${text}\n`),
    title: (text) => {
      titles += 1;
      write(`\n${paint(1, `━━ ${titles}. ${text}`)}\n`);
    },
    command: (args) => write(`${paint(2, `$ bothends ${args.join(' ')}`)}\n`),
  };
}

/** What is wrong with a report of an incident; empty when it says what the demo staged. */
export function verdictProblem({ name, expected }: Incident, report: Report): string[] {
  const faults = report.findings.map(({ code }) => code).filter((code) => !NOTE_CODES.has(code));
  if (expected === null ? faults.length === 0 : faults.includes(expected)) return [];
  return [`${name}: expected ${expected ?? 'no fault'}, the report says ${faults.join(', ') || 'no fault'}`];
}
