import type { Capture } from '../captures/capture.js';
import { ThreadClient } from '../threads/client.js';
import type { Analysis, Analyst, FlowAnalysis } from './analysis.js';
import type { AnalysisVerbs } from './verbs.js';

/** The built worker: `../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const WORKER_URL = new URL('../../dist/analysis/worker.js', import.meta.url);

/**
 * Analyses on one thread of their own, with the real engine. When the thread dies, such as for want of memory, its
 * analyses fail and the next one gets a new thread.
 */
export class ThreadAnalyst implements Analyst {
  readonly #url: URL;
  #thread: Promise<ThreadClient> | null = null;
  #nextKey = 1;

  /** @param url module of the worker, another one in tests */
  constructor(url: URL = WORKER_URL) {
    this.#url = url;
  }

  analyse(capture: Capture): Analysis {
    return this.#open(capture, null);
  }

  analyseFlow(capture: Capture, flowId: string): FlowAnalysis {
    return this.#open(capture, flowId);
  }

  async close(): Promise<void> {
    await (await this.#thread)?.close();
  }

  #open(capture: Capture, flowId: string | null): FlowAnalysis {
    const key = this.#nextKey++;
    const opened = this.#living().then(async (thread) => {
      await callVerb(thread, 'open', key, capture, flowId);
      return thread;
    });
    // Heard of by the first call that needs it.
    opened.catch(() => {});
    const call = async <V extends keyof AnalysisVerbs>(verb: V, ...input: Parameters<AnalysisVerbs[V]>) =>
      await callVerb(await opened, verb, ...input);
    return {
      feed: async (evidence) => await call('feed', key, evidence),
      finish: async (latest) => await call('finish', key, latest),
      news: async () => await call('news', key),
      report: async () => await call('report', key),
      history: async () => await call('history', key),
      ladder: async () => await call('ladder', key),
      // A thread that is gone holds nothing.
      close: () => void call('release', key).catch(() => {}),
    };
  }

  async #living(): Promise<ThreadClient> {
    const present = await this.#thread?.catch(() => null);
    if (present?.alive) return present;
    this.#thread = ThreadClient.start(this.#url, 'analysis thread');
    return await this.#thread;
  }
}

async function callVerb<V extends keyof AnalysisVerbs>(
  thread: ThreadClient,
  verb: V,
  ...input: Parameters<AnalysisVerbs[V]>
): Promise<ReturnType<AnalysisVerbs[V]>> {
  return (await thread.call(verb, input)) as ReturnType<AnalysisVerbs[V]>;
}
