import { formatDuration, NS_PER_MS } from '@bothends/proto';
import type { Io } from '../io.js';
import { grouped } from '../render/words.js';

export interface Amount {
  readonly packets: number;
  /** Bytes of both files; a total of 0 means unknown (a pipe). */
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** Below this nobody misses it. */
const QUIET_MS = 1000;
/** Fast enough to look alive, slow enough to cost nothing. */
const REDRAW_MS = 200;
const LINE_MS = 5000;

/** Progress of reading two files on stderr: one line redrawn on a terminal, a line now and then when asked for. */
export class AnalysisProgress {
  readonly #io: Io;
  readonly #startMs: number;
  readonly #wanted: boolean;
  #nextMs: number;
  #drawn = false;

  constructor(io: Io, asked: boolean) {
    this.#io = io;
    this.#wanted = asked || io.stderr.isTTY;
    this.#startMs = io.now();
    this.#nextMs = this.#startMs + QUIET_MS;
  }

  update(amount: Amount): void {
    if (!this.#wanted) return;
    const nowMs = this.#io.now();
    if (nowMs < this.#nextMs) return;
    const line = progressText(amount, nowMs - this.#startMs);
    this.#nextMs = nowMs + (this.#io.stderr.isTTY ? REDRAW_MS : LINE_MS);
    this.#io.stderr.write(this.#io.stderr.isTTY ? `${ERASE_LINE}${line}` : `${line}\n`);
    this.#drawn = this.#io.stderr.isTTY;
  }

  /** Clears the line, so that what follows begins at the margin. */
  close(): void {
    if (this.#drawn) this.#io.stderr.write(ERASE_LINE);
  }
}

/** Carriage return, and the line cleared to its end (ECMA-48 EL). */
const ERASE_LINE = '\r\u001b[K';

/** `45 %  1 234 567 packets  2 100 000/s  12 s left`. */
export function progressText({ packets, bytesRead, bytesTotal }: Amount, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? Math.round((packets / elapsedMs) * 1000) : 0;
  const parts = [`${grouped(packets)} packets`, `${grouped(rate)}/s`];
  if (bytesTotal > 0 && bytesRead > 0) {
    const share = Math.min(1, bytesRead / bytesTotal);
    const leftMs = Math.ceil((elapsedMs / share - elapsedMs) / 1000) * 1000;
    parts.unshift(`${String(Math.floor(share * 100)).padStart(3)} %`);
    parts.push(`${formatDuration(leftMs * NS_PER_MS)} left`);
  }
  return parts.join('  ');
}
