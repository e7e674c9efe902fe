import { randomBytes } from 'node:crypto';
import { BothendsError } from '@bothends/proto';
import { labAvailable } from './available.js';
import { build, managementAddresses, namespaceOf, namespacesOf } from './build.js';
import { forget, removeAtExit } from './cleanup.js';
import { checkConfig, type LabConfig } from './config.js';
import { LabHost } from './host.js';
import { type LabState, ownProcess, removeLab, removeLeftovers, saveState } from './state.js';

export interface LabOptions {
  /** Part of every namespace's name; short. Default random. */
  id?: string;
  /** Leave it up when this process ends; `npm run lab -- down` removes it. Default false. */
  keep?: boolean;
}

/**
 * Virtual hosts in network namespaces: real Linux stacks on real links. Several may be up at once. A lab goes with
 * its process; what a killed process left goes when the next lab starts.
 */
export class Lab implements AsyncDisposable {
  readonly id: string;
  readonly config: LabConfig;
  readonly #state: LabState;
  readonly #hosts: Map<string, LabHost>;

  private constructor(config: LabConfig, state: LabState) {
    const management = managementAddresses(config);
    this.id = state.id;
    this.config = config;
    this.#state = state;
    this.#hosts = new Map(
      config.hosts.map(({ name }) => [
        name,
        new LabHost(name, namespaceOf(state.id, name), config, management.get(name) ?? null),
      ]),
    );
  }

  /**
   * Builds a lab, ready for traffic. Throws `failed-precondition` where it cannot run (see `labAvailable`),
   * `invalid-argument` for a configuration that makes no sense.
   */
  static async create(config: LabConfig, options: LabOptions = {}): Promise<Lab> {
    const { ok, why } = labAvailable();
    if (!ok) throw new BothendsError('failed-precondition', `lab: ${why}`);
    checkConfig(config);
    removeLeftovers();
    const id = options.id ?? randomBytes(3).toString('hex');
    const state: LabState = {
      id,
      owner: options.keep ? null : ownProcess(),
      namespaces: namespacesOf(config, id),
    };
    saveState(state);
    if (!options.keep) removeAtExit(state);
    const lab = new Lab(config, state);
    try {
      await build(config, id);
    } catch (thrown) {
      await lab.destroy();
      throw thrown;
    }
    return lab;
  }

  /** Throws `not-found` for a name that the configuration does not have. */
  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host) return host;
    throw new BothendsError(
      'not-found',
      `lab: no host "${name}"; there are ${[...this.#hosts.keys()].join(', ')}`,
    );
  }

  get hosts(): readonly LabHost[] {
    return [...this.#hosts.values()];
  }

  /** Ends every process in the lab (SIGTERM, then SIGKILL) and removes it. May be called twice. */
  async destroy(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stopProcesses()));
    removeLab(this.#state);
    forget(this.#state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}
