import type { Finding } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Io } from '../io.js';
import { wrap } from '../render/layout.js';
import { LiveBlock } from '../render/live-block.js';
import { progressBlock, progressLine } from '../render/progress.js';
import { type Style, styleFor, textWidth } from '../render/style.js';

/** Progress of a capture on stderr. */
export interface CaptureDisplay {
  state(capture: CaptureState): void;
  finding(finding: Finding): void;
  say(text: string): void;
  /** Nothing is drawn after this. */
  close(): void;
}

/** One refreshed block on a terminal, plain lines elsewhere. */
export function captureDisplay(io: Io): CaptureDisplay {
  return io.stderr.isTTY ? new TerminalDisplay(io) : new LineDisplay(io);
}

/** The clock in the block moves each second even when nothing else does. */
const REDRAW_MS = 1000;

class TerminalDisplay implements CaptureDisplay {
  readonly #io: Io;
  readonly #block: LiveBlock;
  readonly #style: Style;
  readonly #startedMs: number;
  readonly #timer: NodeJS.Timeout;
  #capture: CaptureState | null = null;

  constructor(io: Io) {
    this.#io = io;
    this.#block = new LiveBlock(io.stderr);
    this.#style = styleFor(io.stderr, io.env);
    this.#startedMs = io.now();
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  state(capture: CaptureState): void {
    this.#capture = capture;
    this.#draw();
  }

  finding(finding: Finding): void {
    this.#block.print(findingText(finding, this.#style, textWidth(this.#io.stderr)));
    this.#draw();
  }

  say(text: string): void {
    this.#block.print(text);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #draw(): void {
    if (!this.#capture) return;
    const elapsedMs = this.#io.now() - this.#startedMs;
    const width = textWidth(this.#io.stderr);
    this.#block.draw(progressBlock(this.#capture, { width, style: this.#style, elapsedMs }));
  }
}

/** Counters alone are worth a line this often. */
const COUNTERS_MS = 5000;

class LineDisplay implements CaptureDisplay {
  readonly #io: Io;
  #states = '';
  #printedMs = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  state(capture: CaptureState): void {
    const states = [capture.state, ...capture.taps.map((tap) => `${tap.online} ${tap.reason}`)].join('|');
    const nowMs = this.#io.now();
    if (states === this.#states && nowMs - this.#printedMs < COUNTERS_MS) return;
    this.#states = states;
    this.#printedMs = nowMs;
    this.say(progressLine(capture));
  }

  finding(finding: Finding): void {
    this.say(`finding: ${finding.code} (${finding.grade}): ${finding.statement}`);
  }

  say(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  close(): void {}
}

function findingText(finding: Finding, style: Style, width: number): string {
  const lines = wrap(`${finding.code} (${finding.grade}): ${finding.statement}`, width, '! ');
  return lines.map((line) => style.yellow(line)).join('\n');
}
