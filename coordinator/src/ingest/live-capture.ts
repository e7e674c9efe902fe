import { type BothendsError, type End, type PathHistory, toBothendsError } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Analysis, Evidence, News, ReportText } from '../analysis/analysis.js';
import { refeed } from '../analysis/refeed.js';
import type { Capture } from '../captures/capture.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';
import type { Pace } from './pace.js';

/** What a live capture tells. */
export interface LiveListener {
  /** Replaces what was told before. */
  news(news: News): void;
  /** What `--until` waits for has happened. */
  reached(): void;
  /** The analysis broke; the evidence is safe and the capture goes on. */
  failed(reason: string): void;
}

/** New evidence waits this long for more; with the way here it stays far below a second on the operator's screen. */
const DEBOUNCE_MS = 50;
const NS_PER_MS = 1e6;

/** What live captures share. */
export interface LiveTools {
  store: Store;
  clock: Clock;
  pace: Pace;
}

/** The analysis of one capture while it runs: evidence in, findings out, at last the report. */
export class LiveCapture {
  readonly #analysis: Analysis;
  readonly #clock: Clock;
  readonly #listener: LiveListener;
  readonly #until: Capture['request']['until'];
  readonly #pace: Pace;
  readonly #leavePace: () => void;
  /** Everything that feeds the analysis runs in this order. */
  #work: Promise<void> = Promise.resolve();
  /** Batches that go to the engine in its next turn, and that turn. */
  #waiting: Evidence[] = [];
  #turn: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #earliestNs = 0n;
  #over = false;
  #broken: BothendsError | null = null;

  /** Begins with what is committed already, so that a restart of the coordinator loses nothing. */
  constructor(capture: Capture, analysis: Analysis, tools: LiveTools, listener: LiveListener) {
    const { store, clock, pace } = tools;
    this.#analysis = analysis;
    this.#clock = clock;
    this.#pace = pace;
    this.#leavePace = pace.join();
    this.#listener = listener;
    this.#until = capture.request.until;
    void this.#queue(async () => this.#taken(await refeed(analysis, capture, store)));
  }

  /**
   * Takes one committed batch; resolves when the engine has it. Batches of a tap come in their order. Those that
   * come while the engine is busy go to it together: under load a trip between threads costs more than a small
   * batch.
   */
  async feed(role: End, batch: Batch): Promise<void> {
    this.#waiting.push({ role, batch });
    this.#turn ??= this.#queue(async () => {
      const evidence = this.#waiting;
      this.#waiting = [];
      this.#turn = null;
      this.#taken(await this.#analysis.feed(evidence));
    });
    await this.#turn;
  }

  /**
   * The report on what the engine has taken so far; under load more may wait, and a person who asks does not.
   * @throws BothendsError when the analysis broke
   */
  async report(): Promise<ReportText> {
    return await this.#ask(async () => await this.#analysis.report());
  }

  /** What the path did so far. @throws BothendsError when the analysis broke */
  async history(): Promise<PathHistory> {
    return await this.#ask(async () => await this.#analysis.history());
  }

  /** The final report. @throws BothendsError when the analysis broke at any time: it may lack evidence */
  async finish(capture: Capture): Promise<ReportText> {
    this.#end();
    await this.#queue(async () => {
      await this.#analysis.finish(capture);
      await this.#tell();
    });
    const report = await this.report();
    this.#analysis.close();
    return this.#broken === null ? report : this.#throwBroken();
  }

  /** The capture is no longer of interest here: nothing is told any more. */
  abandon(): void {
    this.#end();
    this.#analysis.close();
  }

  #end(): void {
    this.#over = true;
    this.#leavePace();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#broken !== null) throw this.#broken;
    try {
      return await question();
    } catch (error) {
      this.#fail(error);
      return this.#throwBroken();
    }
  }

  async #queue(action: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(action).catch((error) => this.#fail(error));
    await this.#work;
  }

  /** Evidence has reached the engine. */
  #taken(reset: boolean): void {
    if (this.#over) return;
    if (reset && this.#until === 'rst') this.#listener.reached();
    if (this.#cancelTimer !== null) return;
    const restMs = Number(this.#earliestNs - this.#clock.nowNs()) / NS_PER_MS;
    this.#cancelTimer = this.#clock.after(Math.max(DEBOUNCE_MS, restMs), () => {
      this.#cancelTimer = null;
      void this.#queue(async () => await this.#look());
    });
  }

  async #look(): Promise<void> {
    if (this.#over) return;
    const beganNs = this.#clock.nowNs();
    await this.#tell();
    const endedNs = this.#clock.nowNs();
    this.#earliestNs = endedNs + this.#pace.restNs(endedNs - beganNs);
  }

  async #tell(): Promise<void> {
    const news = await this.#analysis.news();
    if (news === null) return;
    this.#listener.news(news);
    if (news.faulty && this.#until === 'finding') this.#listener.reached();
  }

  #fail(thrown: unknown): void {
    const error = toBothendsError(thrown);
    if (this.#broken === null && !this.#over) this.#listener.failed(error.message);
    this.#broken ??= error;
  }

  #throwBroken(): never {
    throw this.#broken ?? toBothendsError('the analysis gave no report');
  }
}
