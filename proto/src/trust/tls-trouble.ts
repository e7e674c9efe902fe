/** Why a TLS connection was refused by the one who opened it: the time of a certificate, or who signed it. */
export type TlsTrouble = 'untimely' | 'untrusted';

/** What OpenSSL says of a certificate whose time it is not. */
const UNTIMELY = /certificate (?:has expired|is not yet valid)|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/;
/** What it and Node say of one that nobody known has signed, or for another name, or of what is no TLS. */
const UNTRUSTED = /certificate|self.signed|issuer|altname|SSL|TLS/i;

/** Reads the details of a failed gRPC call; null when TLS was not the trouble. */
export function tlsTrouble(details: string): TlsTrouble | null {
  if (UNTIMELY.test(details)) return 'untimely';
  return UNTRUSTED.test(details) ? 'untrusted' : null;
}
