import { createServer, type SecureContextOptions, type Server } from 'node:tls';
import type { Authority } from '../../trust/authority.js';
import type { Credentials } from '../../trust/ca.js';

/** A handshake takes three trips; a peer that needs longer is holding a connection open in silence. */
const HANDSHAKE_MS = 10_000;

/**
 * TLS that asks every peer for a certificate and lets those without one in too, because a host that is to join has
 * none yet: gRPC's own can only demand or not ask. A certificate that our CA did not sign leaves the peer
 * unauthenticated, which the access table then refuses everywhere but at Join.
 */
export class ServerTls {
  /** Takes sockets by its event `connection`, and gives them back encrypted. It does not listen by itself. */
  readonly server: Server;
  readonly #authority: Authority;
  #own: Credentials;

  constructor(authority: Authority, own: Credentials) {
    this.#authority = authority;
    this.#own = own;
    this.server = createServer({
      ...this.#context(),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      handshakeTimeout: HANDSHAKE_MS,
    });
  }

  /** Other authorities are trusted, for connections from now on; those that are open stay as they are. */
  retrust(): void {
    this.server.setSecureContext(this.#context());
  }

  /** The server shows another certificate from now on. */
  present(own: Credentials): void {
    this.#own = own;
    this.server.setSecureContext(this.#context());
  }

  #context(): SecureContextOptions {
    const { certificatePem, keyPem } = this.#own;
    return { ca: this.#authority.caPem, cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' };
  }
}
