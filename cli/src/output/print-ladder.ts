import type { Ladder } from '@bothends/proto';
import type { ListFormat } from '../args/output.js';
import { type LadderFlags, zoomOf } from '../args/zoom.js';
import type { Io } from '../io.js';
import { ladderText } from '../render/ladder.js';
import { styleFor, textWidth } from '../render/style.js';
import { jsonLine } from './json-lines.js';

/** Prints a ladder on stdout: drawn, or its rows as JSON, one per line. */
export function printLadder(ladder: Ladder, flags: LadderFlags & { output: ListFormat }, io: Io): void {
  if (flags.output === 'json') {
    for (const row of ladder.rows) io.stdout.write(jsonLine(row));
    return;
  }
  const width = flags.width ?? textWidth(io.stdout);
  io.stdout.write(ladderText(ladder, { width, style: styleFor(io.stdout, io.env), zoom: zoomOf(flags) }));
}
