import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { BothendsError } from '../errors/error.js';
import { authoritiesDigest, certificatesIn } from './authorities.js';
import { createCsr } from './csr.js';

/** What renewing needs of a holder's certificate and gives back; PEM. */
export interface HeldCertificate {
  readonly name: string;
  /** Every authority that the holder trusts. */
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A coordinator's answer; PEM. */
export interface Renewal {
  readonly certificatePem: string;
  /** Its authorities; empty from a coordinator of before they could be replaced. */
  readonly caPem: string;
}

/** True in the second half of a certificate's life: months before it expires, so that one may stay away for long. */
export function isDue(certificatePem: string, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  return nowMs > (Date.parse(validFrom) + Date.parse(validTo)) / 2;
}

/**
 * Whether a coordinator has other authorities than the holder trusts.
 * @param named digest of the coordinator's, as it says; empty when it says none
 */
export function hasOtherAuthorities({ caPem }: HeldCertificate, named: string): boolean {
  return named !== '' && named !== authoritiesDigest(caPem);
}

/**
 * The holder with a new certificate on a new key, which never leaves this host, and with the authorities that the
 * coordinator has now.
 * @param ask has a request (PKCS#10, DER) signed; its errors are passed on
 * @throws BothendsError `data-loss` when the holder could not come back with the answer
 */
export async function renewed<Holder extends HeldCertificate>(
  holder: Holder,
  ask: (csr: Buffer) => Promise<Renewal>,
): Promise<Holder> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { certificatePem, caPem } = await ask(createCsr(holder.name, keys));
  const keyPem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const next = { ...holder, certificatePem, keyPem, ...(caPem === '' ? {} : { caPem }) };
  requireUsable(next);
  return next;
}

/** What is kept takes the place of what works: a damaged answer must not shut its holder out. */
function requireUsable({ certificatePem, keyPem, caPem }: HeldCertificate): void {
  try {
    const certificate = new X509Certificate(certificatePem);
    const isOwn = certificate.checkPrivateKey(createPrivateKey(keyPem));
    if (isOwn && certificatesIn(caPem).some(({ publicKey }) => certificate.verify(publicKey))) return;
  } catch (cause) {
    throw unusable(cause);
  }
  throw unusable();
}

function unusable(cause?: unknown): BothendsError {
  const message = 'the renewed certificate that came back does not fit: the present one is kept';
  return new BothendsError('data-loss', message, { cause });
}
