import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import type { Authority } from '../trust/authority.js';
import type { Credentials } from '../trust/ca.js';

/** What grpc-js takes certificates from. */
type CertificateProvider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type CaListener = Parameters<CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<CertificateProvider['addIdentityCertificateListener']>[0];

/**
 * TLS that asks every peer for a certificate and lets those without one in too, because a host that is to join has
 * none yet. `createSsl` can only demand or not ask. A certificate that our CA did not sign leaves the peer
 * unauthenticated, which the access table then refuses everywhere but at Join.
 */
export class ServerTls {
  readonly credentials: ServerCredentials;
  readonly #authority: Authority;
  #server: Credentials;
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();

  constructor(authority: Authority, server: Credentials) {
    this.#authority = authority;
    this.#server = server;
    const provider: CertificateProvider = {
      addCaCertificateListener: (listener) => this.#add(this.#caListeners, listener),
      removeCaCertificateListener: (listener) => this.#caListeners.delete(listener),
      addIdentityCertificateListener: (listener) => this.#add(this.#identityListeners, listener),
      removeIdentityCertificateListener: (listener) => this.#identityListeners.delete(listener),
    };
    this.credentials = experimental.createCertificateProviderServerCredentials(provider, provider, false);
  }

  /** Other authorities are trusted, for connections from now on; those that are open stay as they are. */
  retrust(): void {
    this.#tell();
  }

  /** The server shows another certificate from now on. */
  present(server: Credentials): void {
    this.#server = server;
    this.#tell();
  }

  #add<Listener>(listeners: Set<Listener>, listener: Listener): void {
    listeners.add(listener);
    // The server hears of certificates only after it has asked for them, so they are told a moment later.
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    const caCertificate = Buffer.from(this.#authority.caPem);
    const certificate = Buffer.from(this.#server.certificatePem);
    const privateKey = Buffer.from(this.#server.keyPem);
    for (const listener of this.#caListeners) listener({ caCertificate });
    for (const listener of this.#identityListeners) listener({ certificate, privateKey });
  }
}
