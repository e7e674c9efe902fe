import type { Capture } from '../captures/capture.js';
import { ThreadClient } from '../threads/client.js';
import type { Analysis, Analyst, FlowAnalysis } from './analysis.js';
import type { AnalysisVerbs } from './verbs.js';

/** The built worker: `../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const WORKER_URL = new URL('../../dist/analysis/worker.js', import.meta.url);

/** Analyses on one thread of their own, with the real engine. */
export class ThreadAnalyst implements Analyst {
  readonly #thread: ThreadClient;
  #nextKey = 1;

  private constructor(thread: ThreadClient) {
    this.#thread = thread;
  }

  static async start(): Promise<ThreadAnalyst> {
    return new ThreadAnalyst(await ThreadClient.start(WORKER_URL, 'analysis thread'));
  }

  analyse(capture: Capture): Analysis {
    return this.#open(capture, null);
  }

  analyseFlow(capture: Capture, flowId: string): FlowAnalysis {
    return this.#open(capture, flowId);
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  #open(capture: Capture, flowId: string | null): FlowAnalysis {
    const key = this.#nextKey++;
    const opened = this.#call('open', key, capture, flowId);
    // Heard of by the first call that needs it.
    opened.catch(() => {});
    const call = async <V extends keyof AnalysisVerbs>(verb: V, ...input: Parameters<AnalysisVerbs[V]>) => {
      await opened;
      return await this.#call(verb, ...input);
    };
    return {
      feed: async (role, batch) => await call('feed', key, role, batch),
      finish: async (latest) => await call('finish', key, latest),
      report: async () => await call('report', key),
      ladder: async () => await call('ladder', key),
      close: () => {
        // A thread that is gone holds nothing.
        this.#call('release', key).catch(() => {});
      },
    };
  }

  async #call<V extends keyof AnalysisVerbs>(
    verb: V,
    ...input: Parameters<AnalysisVerbs[V]>
  ): Promise<ReturnType<AnalysisVerbs[V]>> {
    return (await this.#thread.call(verb, input)) as ReturnType<AnalysisVerbs[V]>;
  }
}
