import { type ClockReport, formatDuration, type Instant, type Report, type TapReport } from '@bothends/proto';
import { wrap } from './layout.js';
import type { TextOptions } from './style.js';
import { counted } from './words.js';

/** Gaps named per tap before the rest is only counted. */
const GAPS_SHOWN = 3;

/** Coverage of each tap and quality of the clock, as lines. */
export function tapLines(report: Report, options: TextOptions): string[] {
  const lines = [options.style.bold('Taps and clock')];
  for (const tap of report.taps) lines.push(...oneTap(tap, options));
  lines.push(...wrap(clockText(report.clock), options.width, '  clock   '));
  return lines;
}

function oneTap(tap: TapReport, { width, style }: TextOptions): string[] {
  const paint = tap.coverage === 'complete' ? style.green : style.yellow;
  const lines = wrap(tapText(tap), width, `  ${tap.role}  `);
  if (tap.filter !== '') lines.push(...wrap(`filter: ${filterText(tap)}`, width, '          '));
  for (const text of remarks(tap)) lines.push(...wrap(text, width, '          '));
  const word = coverageWord(tap);
  return lines.map((line) => line.replace(word, paint(word)));
}

/** `web-1: 12 034 packets, none dropped, coverage complete; tcpdump on any, …`. */
export function tapText(tap: TapReport): string {
  const where = tap.interfaces.length > 0 ? ` on ${tap.interfaces.join(', ')}` : '';
  return (
    `${tap.name}: ${counted(tap.packets, 'packet')}, ${dropText(tap)}, ${coverageWord(tap)}; ` +
    `${tap.backEnd}${where}, snaplen ${tap.snaplen}, ${tap.timestamps} time stamps${openText(tap)}`
  );
}

function coverageWord(tap: TapReport): string {
  return { complete: 'coverage complete', gaps: 'coverage has gaps', unknown: 'coverage unknown' }[
    tap.coverage
  ];
}

function dropText(tap: TapReport): string {
  const agent = tap.agentDrops > 0 ? `, ${counted(tap.agentDrops, 'packet')} dropped by the agent` : '';
  if (tap.kernelDrops === null) return `drops not counted${agent}`;
  if (tap.kernelDrops === 0 && tap.agentDrops > 0) return `none dropped by the kernel${agent}`;
  return tap.kernelDrops === 0 ? 'none dropped' : `${counted(tap.kernelDrops, 'packet')} dropped${agent}`;
}

function openText(tap: TapReport): string {
  if (tap.openedAt === null) return '';
  const until = tap.closedAt === null ? '' : ` to ${toTheMs(tap.closedAt)}`;
  return `, open from ${tap.openedAt.slice(0, 10)} ${toTheMs(tap.openedAt)}${until}`;
}

/** A tap's filter is the user's, widened by what verdicts need; what the user wrote stands at its end. */
const FILTER_SHOWN = 70;

/** The filter of a tap; of a long one the end, the JSON has it whole. */
export function filterText({ filter }: TapReport): string {
  if (filter.length <= FILTER_SHOWN) return filter;
  const end = filter.slice(-FILTER_SHOWN);
  // From the begin of a part, where one begins.
  const part = end.slice(Math.max(0, end.indexOf(' or (')));
  return `… ${part.trimStart()} (the last of ${filter.length} characters)`;
}

/** One sentence per gap of a tap, the first few. */
export function gapTexts(tap: TapReport): string[] {
  const texts = tap.gaps.slice(0, GAPS_SHOWN).map((gap) => {
    const lost = gap.packets === null ? 'unknown number of packets' : counted(gap.packets, 'packet');
    return `gap ${toTheMs(gap.from)} to ${toTheMs(gap.to)}: ${lost} (${gap.cause})`;
  });
  const rest = tap.gaps.length - GAPS_SHOWN;
  if (rest > 0) texts.push(`and ${counted(rest, 'more gap')}`);
  return texts;
}

/** Everything that a reader must know of a tap beside its figures. */
export function remarks(tap: TapReport): string[] {
  const ended = tap.endedBy === undefined ? [] : [`ended by itself: ${tap.endedBy}`];
  return [
    ...gapTexts(tap),
    ...ended,
    ...markerTexts(tap),
    ...cutTexts(tap),
    ...nameTexts(tap),
    ...unreadTexts(tap),
    ...untrackedTexts(tap),
  ];
}

/** Nothing about a marker that left and was seen at both ends: that is how it should be. */
function markerTexts({ marker }: TapReport): string[] {
  switch (marker?.state) {
    case 'off':
      return [
        'no marker was sent (--no-marker): nothing but the traffic itself proves that this tap sees the path',
      ];
    case 'not-seen':
      return ['this tap did not see its own marker leave: check the interface and the filter'];
    case 'left':
      return ['its marker did not arrive at the other tap: the path drops it, or does not pass that tap'];
    default:
      return marker?.translated
        ? [`the other tap sees ${marker.translated.from} as ${marker.translated.to} (by its marker)`]
        : [];
  }
}

/** Bytes that hold every header and 64 bytes of payload; what agents take by default. */
const ENOUGH_SNAPLEN = 192;

function cutTexts({ cutShort, snaplen }: TapReport): string[] {
  if (cutShort === undefined) return [];
  const what = `${counted(cutShort, 'packet')} cut before the header that tells the flow`;
  return [`${what}, and not judged: the snaplen ${snaplen} is too small, use -s ${ENOUGH_SNAPLEN}`];
}

/** Neighbour discovery and the like is in every capture; where nothing else was left out, nobody misses it. */
function unreadTexts({ notRead = [], packets }: TapReport): string[] {
  const isOdd = notRead.some((kind) => kind.what !== 'not IP' || kind.packets * 2 > packets);
  if (!isOdd) return [];
  const kinds = notRead.map((kind) => `${kind.packets} ${kind.what}`);
  return [`not looked into: ${kinds.join(', ')}`];
}

function nameTexts({ names }: TapReport): string[] {
  if (names === 'clear') return ['DNS and TLS server names left this host in clear, as its policy allows'];
  return [];
}

function untrackedTexts({ untracked }: TapReport): string[] {
  if (untracked === undefined) return [];
  const what = `${counted(untracked, 'packet')} of further flows`;
  return [`${what}, not judged: more flows came than one capture follows; narrow the filter`];
}

/** The sentence about the two clocks. */
export function clockText(clock: ClockReport): string {
  const method = clock.method === '' || clock.method === 'none' ? '' : ` (${clock.method})`;
  if (clock.offsetNs === null)
    return `nothing bounds the difference between the two clocks (${clock.method})`;
  const side = clock.offsetNs < 0 ? 'behind' : 'ahead of';
  const error = clock.errorNs === null ? '' : ` ± ${formatDuration(clock.errorNs)}`;
  const drift = clock.driftPpm === null ? '' : `, drifting ${clock.driftPpm.toFixed(1)} ppm`;
  const steps = clock.steps.length > 0 ? `, ${counted(clock.steps.length, 'step')}` : '';
  const offset = formatDuration(Math.abs(clock.offsetNs));
  return `the server's is ${offset} ${side} the client's${error}${drift}${steps}${method}`;
}

/** `10:00:04.123`: time of day, as fine as the limits of a capture are known. */
function toTheMs(at: Instant): string {
  return at.slice(11, 23);
}
