import { BothendsError } from '@bothends/proto';
import type { AgentCertificate, Store } from '../store/store.js';
import type { Authority } from './authority.js';
import type { CurrentCertificates } from './current-certificates.js';
import type { Identity } from './identity.js';

export interface AgentsInput {
  readonly store: Store;
  readonly authority: Authority;
  readonly certificates: CurrentCertificates;
}

/** The certificates of the agents that have joined. */
export class Agents {
  readonly #in: AgentsInput;

  constructor(input: AgentsInput) {
    this.#in = input;
  }

  /** Shuts an agent out until it joins again. @throws BothendsError `not-found` */
  async revoke(name: string): Promise<void> {
    await this.#require(name);
    await this.#keep(name, { serial: '', nextSerial: '', issuer: '' });
  }

  /**
   * A new certificate for an agent that shows its present one, which stays valid until the new one is used.
   * @param csr PKCS#10, DER
   * @param takesAll see Authority.agentCertificate
   * @throws BothendsError `invalid-argument`
   */
  async renew(name: string, csr: Buffer, takesAll: boolean): Promise<string> {
    const { serial, issuer } = await this.#require(name);
    const renewed = await this.#in.authority.agentCertificate(name, csr, takesAll);
    await this.#keep(name, { serial, nextSerial: renewed.serial, issuer });
    return renewed.certificatePem;
  }

  /** A renewed certificate was used: the one before is void. */
  async promote({ name, serial, issuer }: Identity): Promise<void> {
    await this.#keep(name, { serial, nextSerial: '', issuer });
  }

  async #keep(name: string, certificate: AgentCertificate): Promise<void> {
    await this.#in.store.setAgentCertificate(name, certificate);
    this.#in.certificates.set(name, { role: 'agent', ...certificate });
  }

  async #require(name: string) {
    const found = (await this.#in.store.agents()).find((agent) => agent.name === name);
    if (found !== undefined) return found;
    throw new BothendsError('not-found', `no agent called ${name} has joined: see "bothends agents"`);
  }
}
