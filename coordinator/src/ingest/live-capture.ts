import {
  BothendsError,
  canonicalJson,
  type End,
  type Finding,
  NOTE_CODES,
  type Report,
  toBothendsError,
} from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Analysis } from '../analysis/analysis.js';
import { refeed } from '../analysis/refeed.js';
import type { Capture } from '../captures/capture.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';

/** What a live capture tells: each call replaces what the one before said. */
export interface LiveListener {
  findings(headline: string, findings: readonly Finding[]): void;
  /** What `--until` waits for has happened. */
  reached(): void;
  /** The analysis failed; the evidence is safe and the capture goes on. */
  failed(reason: string): void;
}

/** A report is at most this old on the operator's screen. */
const DEBOUNCE_MS = 50;
/** Reports take at most a fifth of the time: one that took 40 ms is followed by 160 ms for the packets. */
const REST_FACTOR = 4;
const NS_PER_MS = 1e6;

/** The analysis of one capture while it runs: evidence in, findings out, at last the report. */
export class LiveCapture {
  readonly #analysis: Analysis;
  readonly #clock: Clock;
  readonly #listener: LiveListener;
  #capture: Capture;
  /** Everything that touches the analysis runs in this order. */
  #work: Promise<void>;
  #cancelTimer: (() => void) | null = null;
  #earliestNs = 0n;
  #told = '';
  #over = false;

  /** Begins with what is committed already, so that a restart of the coordinator loses nothing. */
  constructor(capture: Capture, analysis: Analysis, store: Store, clock: Clock, listener: LiveListener) {
    this.#capture = capture;
    this.#analysis = analysis;
    this.#clock = clock;
    this.#listener = listener;
    this.#work = refeed(analysis, capture, store).catch((error) => this.#fail(error));
  }

  /** Takes one committed batch; resolves when the engine has it. Batches of a tap come in their order. */
  async feed(role: End, batch: Batch): Promise<void> {
    await this.#queue(async () => {
      const reset = await this.#analysis.feed(role, batch);
      if (batch.count > 0 || batch.coverage !== undefined) this.#schedule();
      if (reset && this.#capture.request.until === 'rst') this.#listener.reached();
    });
  }

  /** The report on what has come so far. */
  async report(): Promise<Report> {
    let report: Report | null = null;
    await this.#queue(async () => {
      report = await this.#analysis.report();
    });
    if (report === null)
      throw new BothendsError('internal', 'the analysis of this capture failed; its evidence is kept');
    return report;
  }

  /** The final report, as canonical JSON with its headline. */
  async finish(capture: Capture): Promise<{ json: string; headline: string }> {
    this.#capture = capture;
    this.#over = true;
    this.#cancelTimer?.();
    await this.#queue(async () => await this.#analysis.finish(capture));
    const report = await this.report();
    this.#analysis.close();
    this.#tell(report);
    return { json: canonicalJson(report), headline: report.headline };
  }

  /** The capture was deleted: nothing is reported any more. */
  abandon(): void {
    this.#over = true;
    this.#cancelTimer?.();
    this.#analysis.close();
  }

  async #queue(action: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(action).catch((error) => this.#fail(error));
    await this.#work;
  }

  #schedule(): void {
    if (this.#cancelTimer !== null || this.#over) return;
    const restMs = Number(this.#earliestNs - this.#clock.nowNs()) / NS_PER_MS;
    this.#cancelTimer = this.#clock.after(Math.max(DEBOUNCE_MS, restMs), () => {
      this.#cancelTimer = null;
      void this.#queue(async () => await this.#refresh());
    });
  }

  async #refresh(): Promise<void> {
    if (this.#over) return;
    const beganNs = this.#clock.nowNs();
    const report = await this.#analysis.report();
    const endedNs = this.#clock.nowNs();
    this.#earliestNs = endedNs + (endedNs - beganNs) * BigInt(REST_FACTOR);
    this.#tell(report);
    const fault = report.findings.some(({ code }) => !NOTE_CODES.has(code));
    if (fault && this.#capture.request.until === 'finding') this.#listener.reached();
  }

  #tell(report: Report): void {
    const findings = JSON.stringify([report.headline, report.findings]);
    if (findings === this.#told) return;
    this.#told = findings;
    this.#listener.findings(report.headline, report.findings);
  }

  #fail(error: unknown): void {
    this.#listener.failed(toBothendsError(error).message);
  }
}
