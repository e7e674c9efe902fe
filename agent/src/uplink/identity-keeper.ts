import { toBothendsError } from '@bothends/proto';
import { AgentLinkClient, type RenewAgentResponse } from '@bothends/proto/gen/bothends/v1/agent';
import { hasOtherAuthorities, isDue, renewed } from '@bothends/proto/trust/renewal';
import { type ChannelCredentials, Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CHANNEL_OPTIONS, identityCredentials } from './credentials.js';
import { type Identity, saveIdentity } from './identity.js';
import { fromRpcError } from './rpc-error.js';

/** A coordinator that takes longer is asked again later. */
const RENEW_TIMEOUT_MS = 10_000;

/** The agent's certificate, renewed by itself: before it expires, and when its coordinator replaces its authority. */
export class IdentityKeeper {
  #identity: Identity;
  readonly #dataDir: string;
  readonly #logger: Logger;
  /** TLS as the agent is now. */
  readonly #credentialsOf: (identity: Identity) => ChannelCredentials;
  /** What the coordinator called its authorities last. */
  #authorities = '';
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

  /**
   * The coordinator has named its authorities: where they are others than this agent's it takes them, with a
   * certificate that is from them. Resolves with whether it did; never rejects.
   */
  async follow(authorities: string): Promise<boolean> {
    this.#authorities = authorities;
    return hasOtherAuthorities(this.#identity, authorities) && (await this.#renew());
  }

  /**
   * Renews the certificate if it is due, and what `follow` could not. Never rejects: it is tried again at the next call.
   * @param nowMs by the coordinator's clock, which is what the certificate is held against
   */
  async check(nowMs: number): Promise<boolean> {
    const isWanted =
      isDue(this.#identity.certificatePem, nowMs) || hasOtherAuthorities(this.#identity, this.#authorities);
    return isWanted && (await this.#renew());
  }

  async #renew(): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      const identity = await renewed(this.#identity, (csr) => this.#ask(csr));
      saveIdentity(this.#dataDir, identity);
      this.#identity = identity;
      this.#logger.info('certificate renewed; the one before is void from the next connection on');
      return true;
    } catch (error) {
      this.#logger.warn(
        { reason: toBothendsError(error).message },
        'certificate not renewed: tried again later',
      );
      return false;
    } finally {
      this.#busy = false;
    }
  }

  async #ask(csr: Buffer): Promise<RenewAgentResponse> {
    const { address } = this.#identity;
    const client = new AgentLinkClient(address, this.credentials, CHANNEL_OPTIONS);
    // gRPC wants a point in time; it is the edge where the clock is read.
    const deadline = new Date(Date.now() + RENEW_TIMEOUT_MS);
    const request = { csr, takesAuthorities: true };
    try {
      return await new Promise((resolve, reject) => {
        client.renewAgent(request, new Metadata(), { deadline }, (error, answer) =>
          error ? reject(fromRpcError(error, address)) : resolve(answer),
        );
      });
    } finally {
      client.close();
    }
  }
}
