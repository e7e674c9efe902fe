import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import type { Credentials } from '../trust/authority.js';

/** What grpc-js takes certificates from; ours never change while the server runs. */
type CertificateProvider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];

/**
 * TLS that asks every peer for a certificate and lets those without one in too, because a host that is to join has
 * none yet. `createSsl` can only demand or not ask. A certificate that our CA did not sign leaves the peer
 * unauthenticated, which the access table then refuses everywhere but at Join.
 */
export function serverCredentials(caPem: string, server: Credentials): ServerCredentials {
  const provider = fixedCertificates(caPem, server);
  return experimental.createCertificateProviderServerCredentials(provider, provider, false);
}

function fixedCertificates(caPem: string, server: Credentials): CertificateProvider {
  const caCertificate = Buffer.from(caPem);
  const certificate = Buffer.from(server.certificatePem);
  const privateKey = Buffer.from(server.keyPem);
  return {
    // The server hears of certificates only after it has asked for them, so they are told a moment later.
    addCaCertificateListener: (listener) => queueMicrotask(() => listener({ caCertificate })),
    removeCaCertificateListener: () => {},
    addIdentityCertificateListener: (listener) => queueMicrotask(() => listener({ certificate, privateKey })),
    removeIdentityCertificateListener: () => {},
  };
}
