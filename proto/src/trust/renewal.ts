import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createCsr } from './csr.js';

/** What renewing needs of a holder's certificate and gives back; PEM. */
export interface HeldCertificate {
  readonly name: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** True in the second half of a certificate's life: months before it expires, so that one may stay away for long. */
export function isDue(certificatePem: string, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  return nowMs > (Date.parse(validFrom) + Date.parse(validTo)) / 2;
}

/**
 * The holder with a new certificate on a new key, which never leaves this host.
 * @param ask has a request (PKCS#10, DER) signed; its errors are passed on
 */
export async function renewed<Holder extends HeldCertificate>(
  holder: Holder,
  ask: (csr: Buffer) => Promise<string>,
): Promise<Holder> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificatePem = await ask(createCsr(holder.name, keys));
  const keyPem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { ...holder, certificatePem, keyPem };
}
