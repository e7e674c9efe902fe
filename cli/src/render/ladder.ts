import { formatDuration, type Ladder, type LadderRow, NS_PER_S } from '@bothends/proto';
import { type RowRange, type Zoom, zoomRows } from './ladder-rows.js';
import { cells, fit, padStart, wrap } from './layout.js';
import type { Style } from './style.js';
import { clockText } from './taps.js';
import { counted, tuple } from './words.js';

/** Cells of the time (`12345.123456`) and of a packet number (`#123456`). */
const TIME_WIDTH = 12;
const NUMBER_WIDTH = 7;
/** Silence that is drawn as one line of its own: shorter gaps are ordinary round trips and timers. */
const IDLE_NS = NS_PER_S;

export interface LadderOptions {
  readonly width: number;
  readonly style: Style;
  readonly zoom: Zoom;
}

/** A flow as a two-ended ladder: client left, server right, one line per packet. Ends with a newline. */
export function ladderText(ladder: Ladder, options: LadderOptions): string {
  const { flow, rows } = ladder;
  const { width, style, zoom } = options;
  const lines = [
    style.bold(`${flow.id}  ${flow.protocol} ${tuple(flow)}`),
    ...wrap(`0 is ${ladder.startedAt} on the client's clock; ${clockText(ladder.clock)}`, width),
    '',
  ];
  const range = zoomRows(rows, zoom);
  if (range === null || range.start === range.end) {
    const what = range === null ? `no packet for --around ${zoom.around}` : 'no packet in this interval';
    const last = formatDuration(rows.at(-1)?.timeNs ?? 0);
    const there = `the flow has ${counted(rows.length, 'packet')}, the last one after ${last}`;
    return `${[...lines, ...wrap(`${what}: ${there}`, width)].join('\n')}\n`;
  }
  lines.push(...body(rows, range, options));
  if (ladder.omitted > 0)
    lines.push('', `${counted(ladder.omitted, 'row')} left out: the flow is too long to show whole`);
  lines.push(...legend(rows.slice(range.start, range.end), style));
  return `${lines.join('\n')}\n`;
}

function body(rows: readonly LadderRow[], { start, end }: RowRange, options: LadderOptions): string[] {
  const { style } = options;
  const laneWidth = options.width - TIME_WIDTH - 2 * NUMBER_WIDTH - 6;
  const margin = ' '.repeat(TIME_WIDTH + NUMBER_WIDTH + 2);
  const middle = (text: string) => style.dim(`${margin}┊${centre(text, laneWidth, ' ')}┊`);
  const header = `${padStart('SECONDS', TIME_WIDTH)} ${padStart('client', NUMBER_WIDTH)}`;
  const lines = [style.dim(`${header}${' '.repeat(laneWidth + 4)}server`)];
  if (start > 0) lines.push(middle(`${counted(start, 'earlier row')}`));
  for (let i = start; i < end; i++) {
    const row = rows[i] as LadderRow;
    const previous = i > start ? rows[i - 1] : undefined;
    if (previous && row.timeNs - previous.timeNs >= IDLE_NS) {
      lines.push(middle(`${formatDuration(row.timeNs - previous.timeNs)} idle`));
    }
    lines.push(rowLine(row, rows, laneWidth, style));
  }
  if (end < rows.length) lines.push(middle(counted(rows.length - end, 'later row')));
  return lines;
}

function rowLine(row: LadderRow, rows: readonly LadderRow[], laneWidth: number, style: Style): string {
  const time = padStart((row.timeNs / NS_PER_S).toFixed(6), TIME_WIDTH);
  const number = (n: number | null) => (n === null ? '' : `#${n}`);
  const arrow = lane(row, labels(row, rows), laneWidth);
  const paint = row.fate === 'lost' || row.fate === 'injected' ? style.red : (t: string) => t;
  const left = padStart(number(row.clientNumber), NUMBER_WIDTH);
  return `${style.dim(time)} ${left} │${paint(arrow)}│ ${number(row.serverNumber)}`.trimEnd();
}

/** Where on the lane, as a share of its width from the sender, a packet dies or a forged one begins: between the taps, place unknown. */
const ON_THE_PATH = { lost: 0.75, injected: 0.3 } as const;

/** The arrow of one packet, exactly `width` cells, drawn from left to right and turned round where it goes left. */
function lane(row: LadderRow, texts: readonly string[], width: number): string {
  const right = row.direction === 'toward-server';
  const fill = row.fate === 'unknown' ? '┄' : '─';
  const from = row.fate === 'injected' ? Math.round(width * ON_THE_PATH.injected) : 0;
  const to = row.fate === 'lost' ? Math.round(width * ON_THE_PATH.lost) : width;
  const { head, tail } = arrowEnds(row, fill);
  const room = to - from - 2;
  const text = texts.find((t) => cells(t) + 4 <= room) ?? fit(texts[texts.length - 1] ?? '', room - 4);
  const shaft = centre(text === '' ? '' : ` ${text} `, room, fill);
  const before = ' '.repeat(from);
  const after = ' '.repeat(width - to);
  return right ? `${before}${tail}${shaft}${head}${after}` : `${after}${head}${shaft}${tail}${before}`;
}

/** What stands at the receiver's and at the sender's end of the arrow. */
function arrowEnds(row: LadderRow, fill: string): { head: string; tail: string } {
  const right = row.direction === 'toward-server';
  const arrived = (right ? row.serverNumber : row.clientNumber) !== null;
  const arrow = right ? '▶' : '◀';
  if (row.fate === 'lost') return { head: '✗', tail: fill };
  if (row.fate === 'injected') return { head: arrow, tail: '✸' };
  if (row.fate === 'unknown') return arrived ? { head: arrow, tail: '?' } : { head: '?', tail: fill };
  return { head: arrow, tail: fill };
}

function centre(text: string, width: number, fill: string): string {
  const left = Math.max(0, Math.floor((width - cells(text)) / 2));
  const right = Math.max(0, width - cells(text) - left);
  return `${fill.repeat(left)}${text}${fill.repeat(right)}`;
}

/** What is said about a packet, as tcpdump says it, from the fullest to the shortest form. */
function labels(row: LadderRow, rows: readonly LadderRow[]): string[] {
  const flags = row.flags === '' ? '' : `[${row.flags}]`;
  const sequence = sequenceText(row);
  const ack = row.acknowledgment === null ? '' : `ack ${row.acknowledgment}`;
  const window = row.window === null ? '' : `win ${row.window}`;
  const length = row.length > 0 || row.flags === '' ? `length ${row.length}` : '';
  const again = repeats(row, rows);
  const say = (...parts: string[]) => {
    const list = parts.filter((p) => p !== '').join(', ');
    return [flags, list, again].filter((p) => p !== '').join(' ');
  };
  return [
    say(sequence, ack, window, length, row.note),
    say(sequence, ack, length, row.note),
    say(sequence, ack, row.note),
    say(sequence, ack),
    say(sequence),
    [flags, again].filter((p) => p !== '').join(' '),
  ];
}

function sequenceText(row: LadderRow): string {
  if (row.sequence === null) return '';
  const end = row.sequenceEnd;
  return end === null || end === row.sequence ? `seq ${row.sequence}` : `seq ${row.sequence}:${end}`;
}

/** `↻ #5`: the sender's number of the transmission that this one repeats. */
function repeats(row: LadderRow, rows: readonly LadderRow[]): string {
  const original = row.retransmissionOf === null ? undefined : rows[row.retransmissionOf];
  if (!original) return '';
  const number = row.direction === 'toward-server' ? original.clientNumber : original.serverNumber;
  return number === null ? '↻' : `↻ #${number}`;
}

function legend(rows: readonly LadderRow[], style: Style): string[] {
  const said: string[] = [];
  if (rows.some((r) => r.fate === 'lost')) said.push('✗ died on the path');
  if (rows.some((r) => r.fate === 'injected')) said.push('✸ came from the path, not from the end it names');
  if (rows.some((r) => r.fate === 'unknown'))
    said.push('┄? seen at one tap only, and the other may have missed it');
  if (rows.some((r) => r.retransmissionOf !== null)) said.push('↻ repeats that packet of the same sender');
  return said.length > 0 ? ['', ...said.map(style.dim)] : [];
}
