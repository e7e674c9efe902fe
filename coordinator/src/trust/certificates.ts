import { randomBytes, webcrypto } from 'node:crypto';
import { x509 } from './x509.js';

/** ECDSA on P-256: small, fast, and understood by every TLS stack. */
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

const MS_PER_DAY = 86_400_000;
/** Clients' certificates begin an hour early: they are held against the coordinator's clock, which may be set back. */
const BACKDATE_MS = 3_600_000;
/**
 * Those that agents and users check begin at the beginning of time: a host whose clock is years late, as without a
 * battery, can join, and comes back. When they were made is nobody's protection.
 */
const ALWAYS = new Date(0);
/** Outlives a fleet's hardware; `bothends ca rotate` replaces one before. */
export const CA_DAYS = 3650;
/** A coordinator makes its own anew at every start. */
export const SERVER_DAYS = CA_DAYS;
/**
 * Agents and users renew theirs in the second half of this: a host may be away for three months and come back by
 * itself, and a stolen key that nobody noticed is worth nothing after six.
 */
export const CLIENT_DAYS = 180;

export type KeyPair = webcrypto.CryptoKeyPair;

export interface Issuer {
  certificate: x509.X509Certificate;
  privateKey: webcrypto.CryptoKey;
}

export async function generateKeyPair(): Promise<KeyPair> {
  return await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** PKCS#8 PEM of a private key. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

/** @throws DOMException when the PEM is not a P-256 PKCS#8 key. */
export async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return await webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, true, ['sign']);
}

/** A self-signed CA that may sign end certificates only. */
export async function createCa(keys: KeyPair, nowMs: number): Promise<x509.X509Certificate> {
  return await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // A name of its own: while one replaces another both are trusted, and issuers are looked up by name.
    name: `CN=bothends CA ${randomBytes(4).toString('hex')}`,
    notBefore: ALWAYS,
    notAfter: after(nowMs, CA_DAYS),
    keys: keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

export interface EndCertificate {
  commonName: string;
  alternativeNames: x509.JsonGeneralName[];
  usage: 'server' | 'client';
  days: number;
  publicKey: x509.PublicKey | webcrypto.CryptoKey;
}

/** Signs an end certificate for either side of a TLS connection. */
export async function issue(
  issuer: Issuer,
  nowMs: number,
  wanted: EndCertificate,
): Promise<x509.X509Certificate> {
  const usage =
    wanted.usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  return await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [wanted.commonName] }],
    issuer: issuer.certificate.subject,
    notBefore: wanted.usage === 'server' ? ALWAYS : new Date(nowMs - BACKDATE_MS),
    notAfter: after(nowMs, wanted.days),
    publicKey: wanted.publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      new x509.SubjectAlternativeNameExtension(wanted.alternativeNames),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
    ],
  });
}

export function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** 16 random bytes, the top bit clear so that the DER integer stays positive and short (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function after(nowMs: number, days: number): Date {
  return new Date(nowMs + days * MS_PER_DAY);
}
