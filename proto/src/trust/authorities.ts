import { createHash, X509Certificate } from 'node:crypto';

/** gRPC metadata key under which a coordinator names its authorities in every answer; see `authoritiesDigest`. */
export const AUTHORITIES_KEY = 'bothends-authorities';

/** gRPC metadata key of a coordinator's time, epoch ms: certificates are held against that, not against its callers'. */
export const TIME_KEY = 'bothends-time';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in PEM text, in its order. Throws what X509Certificate does for one that is none. */
export function certificatesIn(pem: string): X509Certificate[] {
  return [...pem.matchAll(CERTIFICATE)].map(([text]) => new X509Certificate(text));
}

/** `sha256:` and 64 hex digits over a certificate's DER, as join lines name an authority. */
export function certificateHash(certificate: X509Certificate): string {
  return `sha256:${createHash('sha256').update(certificate.raw).digest('hex')}`;
}

/** Names a set of authorities, 64 hex digits; order and white space of the PEM make no difference. */
export function authoritiesDigest(caPem: string): string {
  const hashes = certificatesIn(caPem).map(certificateHash).sort();
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}
