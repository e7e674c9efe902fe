import { type ReportSources, reportJson } from '../../serve/reports.js';
import { ThreadClient } from '../../threads/client.js';
import type { Clock } from '../../time.js';
import type { FlowPage, FlowQuery, GroupView, SummaryView } from '../page/api-types.js';
import type { PageVerbs } from './verbs.js';

/** The built worker: `../../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const WORKER_URL = new URL('../../../dist/web/reports/worker.js', import.meta.url);
/** The report of a running capture is computed anew at most this often, whoever looks at it. */
const LIVE_NS = 2_000_000_000n;

/** Questions on reports, answered on a thread of their own. */
export class Reports {
  readonly #sources: ReportSources;
  readonly #clock: Clock;
  #thread: Promise<ThreadClient> | null = null;
  /** Loads under way, so that two who ask at once share one. */
  readonly #loading = new Map<string, Promise<void>>();

  constructor(sources: ReportSources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** All three @throws BothendsError `not-found`, `failed-precondition` when there is nothing to report on */
  async summary(capture: string): Promise<SummaryView> {
    return await this.#ask(capture, 'summary');
  }

  async flows(capture: string, query: FlowQuery): Promise<FlowPage> {
    return await this.#ask(capture, 'flows', query);
  }

  async finding(capture: string, id: string): Promise<GroupView> {
    return await this.#ask(capture, 'finding', id);
  }

  async close(): Promise<void> {
    await (await this.#thread?.catch(() => null))?.close();
  }

  async #ask<V extends 'summary' | 'flows' | 'finding'>(
    idOrName: string,
    verb: V,
    ...input: unknown[]
  ): Promise<ReturnType<PageVerbs[V]>> {
    const { id, reported } = this.#sources.captures.get(idOrName);
    // What is final stays; what still grows is looked at anew after a while.
    const key = reported ? `${id} final` : `${id} ${this.#clock.nowNs() / LIVE_NS}`;
    const thread = await this.#living();
    if (!(await thread.call('has', [key]))) await this.#load(thread, id, key);
    return (await thread.call(verb, [key, ...input])) as ReturnType<PageVerbs[V]>;
  }

  async #load(thread: ThreadClient, id: string, key: string): Promise<void> {
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = (async () => {
        await thread.call('load', [key, await reportJson(id, this.#sources)]);
      })().finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    await loading;
  }

  async #living(): Promise<ThreadClient> {
    const present = await this.#thread?.catch(() => null);
    if (present?.alive) return present;
    this.#thread = ThreadClient.start(WORKER_URL, 'page thread');
    return await this.#thread;
  }
}
