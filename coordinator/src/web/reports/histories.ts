import type { PathHistory } from '@bothends/proto';
import { pathHistoryOf, type ReportSources } from '../../serve/reports.js';
import type { Clock } from '../../time.js';

/** That of a running capture is computed anew at most this often, whoever looks at it. */
const LIVE_NS = 2_000_000_000n;
/** Histories kept: some 30 KB each, and minutes of work where a capture is long. */
const KEPT = 32;

/** What the path did to each capture over time, computed once for all who look. */
export class Histories {
  readonly #sources: ReportSources;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Promise<PathHistory>>();

  constructor(sources: ReportSources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** @throws BothendsError `not-found`, `failed-precondition` when there is nothing to report on */
  async of(idOrName: string): Promise<PathHistory> {
    const { id, reported } = this.#sources.captures.get(idOrName);
    // What is final stays; what still grows is looked at anew after a while.
    const key = reported ? `${id} final` : `${id} ${this.#clock.nowNs() / LIVE_NS}`;
    let history = this.#kept.get(key);
    if (history === undefined) {
      history = pathHistoryOf(id, this.#sources);
      this.#keep(key, history);
    }
    return await history;
  }

  #keep(key: string, history: Promise<PathHistory>): void {
    const [oldest] = this.#kept.size >= KEPT ? this.#kept.keys() : [];
    if (oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, history);
    // What failed is tried again by the next who looks.
    history.catch(() => this.#kept.delete(key));
  }
}
