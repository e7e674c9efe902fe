import { randomBytes } from 'node:crypto';
import type { ControlResponse, PodName, PodsFound } from '@bothends/proto/gen/bothends/v1/agent';
import type { Clock } from '../time.js';

/** An agent asks its container runtime, which may be busy; one that is silent longer counts as knowing nothing. */
const ANSWER_MS = 6_000;

/** Agents' answers, by agent; those that did not answer in time are missing. */
export type PodAnswers = ReadonlyMap<string, PodsFound>;

interface Search {
  readonly awaited: Set<string>;
  readonly answers: Map<string, PodsFound>;
  readonly finish: () => void;
}

/** Questions to agents which pods their nodes run, until they are answered. */
export class PodSearches {
  readonly #clock: Clock;
  readonly #open = new Map<string, Search>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks these agents, and waits until each has answered, or for a while. */
  async ask(
    agents: readonly string[],
    pod: PodName,
    send: (agent: string, question: NonNullable<ControlResponse['message']>) => void,
  ): Promise<PodAnswers> {
    const searchId = randomBytes(8).toString('hex');
    const answers = new Map<string, PodsFound>();
    if (agents.length === 0) return answers;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(ANSWER_MS, resolve);
      const finish = () => {
        cancel();
        resolve();
      };
      this.#open.set(searchId, { awaited: new Set(agents), answers, finish });
      for (const agent of agents) send(agent, { $case: 'findPod', value: { searchId, pod } });
    });
    this.#open.delete(searchId);
    return answers;
  }

  /** Takes an answer; one that nobody waits for is no news. */
  answered(agent: string, answer: PodsFound): void {
    const search = this.#open.get(answer.searchId);
    if (search === undefined || !search.awaited.delete(agent)) return;
    search.answers.set(agent, answer);
    if (search.awaited.size === 0) search.finish();
  }
}
