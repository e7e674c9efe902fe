import type { Sink } from '../io.js';

type Paint = (text: string) => string;

/** Emphasis of text for a terminal; the plain one changes nothing. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** Where a report is printed to: columns, and what emphasis it can show. */
export interface TextOptions {
  readonly width: number;
  readonly style: Style;
}

const same: Paint = (text) => text;

export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

/** SGR codes of ECMA-48: on and off, so that emphasis nests. */
function sgr(on: number, off: number): Paint {
  return (text) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`);
}

export const COLOUR: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
};

/** Colour only on a terminal that can show it and whose user did not say no (no-color.org). */
export function styleFor(sink: Sink, env: Readonly<Record<string, string | undefined>>): Style {
  const wanted = sink.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  return wanted ? COLOUR : PLAIN;
}

/** Lines longer than this are hard to read, and tickets wrap them. */
const WIDEST = 110;
/** Below this nothing can be laid out; a narrower terminal wraps by itself. */
const NARROWEST = 60;
/** Width when the output is a file or a pipe. */
const PIPED = 100;

/** Columns to lay text out for. */
export function textWidth(sink: Sink): number {
  if (!sink.isTTY || sink.columns === 0) return PIPED;
  return Math.max(NARROWEST, Math.min(WIDEST, sink.columns));
}
