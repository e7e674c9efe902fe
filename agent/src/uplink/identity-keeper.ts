import { toBothendsError } from '@bothends/proto';
import { AgentLinkClient } from '@bothends/proto/gen/bothends/v1/agent';
import { isDue, renewed } from '@bothends/proto/trust/renewal';
import { type ChannelCredentials, Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CHANNEL_OPTIONS, identityCredentials } from './credentials.js';
import { type Identity, saveIdentity } from './identity.js';
import { fromRpcError } from './rpc-error.js';

/** A coordinator that takes longer is asked again later. */
const RENEW_TIMEOUT_MS = 10_000;

/** The agent's certificate, renewed by itself before it expires. */
export class IdentityKeeper {
  #identity: Identity;
  readonly #dataDir: string;
  readonly #logger: Logger;
  /** TLS as the agent is now. */
  readonly #credentialsOf: (identity: Identity) => ChannelCredentials;
  #busy = false;

  constructor(
    identity: Identity,
    dataDir: string,
    logger: Logger,
    credentialsOf: (identity: Identity) => ChannelCredentials = identityCredentials,
  ) {
    this.#identity = identity;
    this.#dataDir = dataDir;
    this.#logger = logger;
    this.#credentialsOf = credentialsOf;
  }

  /** For the next connection: one that stands goes on with the certificate that it began with. */
  get credentials(): ChannelCredentials {
    return this.#credentialsOf(this.#identity);
  }

  /** Renews the certificate if it is due. Never rejects: it is tried again at the next call. */
  async check(nowMs: number): Promise<void> {
    if (this.#busy || !isDue(this.#identity.certificatePem, nowMs)) return;
    this.#busy = true;
    try {
      const identity = await renewed(this.#identity, (csr) => this.#ask(csr, nowMs));
      saveIdentity(this.#dataDir, identity);
      this.#identity = identity;
      this.#logger.info('certificate renewed; the one before is void from the next connection on');
    } catch (error) {
      this.#logger.warn(
        { reason: toBothendsError(error).message },
        'certificate not renewed: tried again later',
      );
    } finally {
      this.#busy = false;
    }
  }

  async #ask(csr: Buffer, nowMs: number): Promise<string> {
    const { address } = this.#identity;
    const client = new AgentLinkClient(address, this.credentials, CHANNEL_OPTIONS);
    try {
      return await new Promise<string>((resolve, reject) => {
        client.renewAgent({ csr }, new Metadata(), { deadline: nowMs + RENEW_TIMEOUT_MS }, (error, answer) =>
          error ? reject(fromRpcError(error, address)) : resolve(answer.certificatePem),
        );
      });
    } finally {
      client.close();
    }
  }
}
