import { formatDuration, NS_PER_MS } from '@bothends/proto';
import type { CaptureState, TapStatus } from '@bothends/proto/gen/bothends/v1/bothends';
import { fit, padEnd, printable } from './layout.js';
import type { Style } from './style.js';
import { counted, grouped } from './words.js';

export interface ProgressOptions {
  readonly width: number;
  readonly style: Style;
  /** Since the capture was asked for. */
  readonly elapsedMs: number;
}

/** A running capture as a block of lines: itself, then one line per tap. */
export function progressBlock(capture: CaptureState, options: ProgressOptions): string[] {
  const { width, style, elapsedMs } = options;
  const elapsed = formatDuration(Math.floor(elapsedMs / 1000) * 1000 * NS_PER_MS);
  const name = printable(capture.name || capture.id);
  const lines = [
    `${style.bold(name)}  ${statePaint(capture.state, style)}  ${elapsedMs < 1000 ? '' : elapsed}`.trimEnd(),
  ];
  for (const tap of capture.taps) lines.push(tapLine(tap, width, style));
  return lines;
}

function tapLine(tap: TapStatus, width: number, style: Style): string {
  const offline = tap.online ? '' : '  offline';
  const state = padEnd(tap.state, 'recording'.length);
  const text = `  ${padEnd(tap.role, 6)}  ${padEnd(printable(tap.agent), 12)}  ${state}  ${tapCounts(tap)}${offline}${reason(tap.reason)}`;
  const line = fit(text.trimEnd(), width - 1);
  return tap.online ? line : style.yellow(line);
}

/** One line about the whole capture, for output that is not a terminal. */
export function progressLine(capture: CaptureState): string {
  const taps = capture.taps.map(
    (tap) => `${tapName(tap)} ${tap.state}${tap.online ? '' : ' (offline)'} ${tapCounts(tap)}${trouble(tap)}`,
  );
  return `${printable(capture.id)} ${capture.state}: ${taps.join('; ')}`;
}

/** `client web-1`; `client` alone where the host is called that. */
function tapName({ role, agent }: TapStatus): string {
  return role === agent ? role : `${role} ${printable(agent)}`;
}

function tapCounts(tap: TapStatus): string {
  const agent = tap.agentDrops > 0n ? `, ${grouped(Number(tap.agentDrops))} dropped by the agent` : '';
  return `${counted(Number(tap.packets), 'packet')}${kernelDrops(tap)}${agent}`;
}

/** Absent until the back end was asked for the first time, and for good where it cannot tell. */
function kernelDrops(tap: TapStatus): string {
  if (tap.kernelDrops !== undefined) return `, ${grouped(Number(tap.kernelDrops))} dropped`;
  return tap.state === 'complete' ? ', drops not counted' : '';
}

/** Of a tap that goes on; why one ended is told at the end of the capture. */
function trouble(tap: TapStatus): string {
  return tap.state === 'failed' || tap.state === 'refused' ? '' : reason(tap.reason);
}

function reason(text: string): string {
  return text === '' ? '' : `  (${printable(text).replace(/\s+/g, ' ')})`;
}

function statePaint(state: string, style: Style): string {
  if (state === 'recording') return style.green(state);
  return state === 'failed' || state === 'partial' ? style.red(state) : style.yellow(state);
}
