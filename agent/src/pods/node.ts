import { BothendsError, nearestNames, type PodReference, podText, toBothendsError } from '@bothends/proto';
import type { FindPod, FoundPod, PodName, PodsFound } from '@bothends/proto/gen/bothends/v1/agent';
import { allowsPod, podsRule } from '../policy/pods.js';
import type { Policy } from '../policy/policy.js';
import type { BrokerClient } from './client.js';
import type { Pod } from './pod.js';
import type { PodNetwork } from './protocol.js';

/** What an agent without a broker answers. */
const NO_BROKER =
  'its agent cannot enter pods: its owner starts it with --pods, as root, and allows them in its policy';
/** A message for a person lists a few. */
const MAX_NEAR = 5;

/** A pod that may be captured in, and its network as it was just now. */
export interface OpenPod {
  readonly pod: Pod;
  readonly network: PodNetwork;
  readonly broker: BrokerClient;
}

/** The pods of this agent's node, as far as its owner lets others know of them. */
export class PodsOfNode {
  readonly #host: string;
  readonly #policy: () => Policy;
  readonly #broker: BrokerClient | null;

  /**
   * @param host name of the agent, for messages
   * @param broker null where the agent was started without
   */
  constructor(host: string, policy: () => Policy, broker: BrokerClient | null) {
    this.#host = host;
    this.#policy = policy;
    this.#broker = broker;
  }

  /** Answers the coordinator's question; what stands in the way is part of the answer. */
  async find({ searchId, pod: wanted }: FindPod): Promise<PodsFound> {
    const answer = { searchId, pods: [], reason: '', code: '', near: [], seen: 0 };
    try {
      return { ...answer, ...(await this.#search(wanted ?? { namespace: '', name: '', uid: '' })) };
    } catch (error) {
      const { code, message } = toBothendsError(error);
      return { ...answer, reason: message, code };
    }
  }

  /** The pod that a tap is to be opened in. @throws BothendsError `failed-precondition`, `not-found`, `unavailable` */
  async open(wanted: Pod): Promise<OpenPod> {
    const broker = this.#requireBroker();
    const { pods } = await broker.pods();
    const pod = pods.find((each) => each.uid === wanted.uid && isMeant(each, wanted));
    if (pod === undefined)
      throw new BothendsError('not-found', `${this.#host} has no ${podText(wanted)} any more`);
    return { pod, network: await broker.network(pod), broker };
  }

  async #search(wanted: PodName): Promise<Pick<PodsFound, 'pods' | 'near' | 'seen'>> {
    const broker = this.#requireBroker();
    const { pods: patterns } = this.#policy();
    if (patterns.length === 0 || (wanted.namespace !== '' && !allowsPod(patterns, wanted))) {
      throw new BothendsError(
        'permission-denied',
        `policy of ${this.#host} refuses ${podText(wanted)} (${podsRule(patterns)}): ask its owner`,
      );
    }
    const { pods, lookedAt, answered } = await broker.pods();
    if (!answered)
      throw new BothendsError('failed-precondition', `nothing there knows of pods: ${lookedAt.join('; ')}`);
    const allowed = pods.filter((pod) => allowsPod(patterns, pod));
    const meant = allowed.filter((pod) => isMeant(pod, wanted));
    return {
      pods: await Promise.all(meant.map(async (pod) => await this.#describe(broker, pod))),
      near: meant.length > 0 ? [] : near(wanted, allowed),
      seen: allowed.length,
    };
  }

  async #describe(broker: BrokerClient, pod: Pod): Promise<FoundPod> {
    const { interfaces } = await broker.network(pod);
    const addresses = [...new Set(interfaces.flatMap((each) => each.addresses))];
    return { pod, addresses };
  }

  #requireBroker(): BrokerClient {
    if (this.#broker !== null) return this.#broker;
    throw new BothendsError('failed-precondition', NO_BROKER);
  }
}

function isMeant(pod: PodReference, wanted: PodReference): boolean {
  return pod.name === wanted.name && (wanted.namespace === '' || pod.namespace === wanted.namespace);
}

function near(wanted: PodReference, pods: readonly Pod[]): PodName[] {
  const names = new Set(nearestNames(wanted.name, new Set(pods.map(({ name }) => name))));
  return pods
    .filter(({ name }) => names.has(name))
    .slice(0, MAX_NEAR)
    .map(({ namespace, name }) => ({ namespace, name, uid: '' }));
}
