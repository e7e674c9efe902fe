import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { BothendsError, COORDINATOR_NAME } from '@bothends/proto';
import { certificateHash } from '@bothends/proto/trust/authorities';
import {
  CLIENT_DAYS,
  createCa,
  generateKeyPair,
  type Issuer,
  importPrivateKey,
  issue,
  pem,
  privateKeyPem,
  SERVER_DAYS,
} from './certificates.js';
import { identityUri, type Role } from './identity.js';
import { x509 } from './x509.js';

/** Certificate and private key, PEM. */
export interface Credentials {
  certificatePem: string;
  keyPem: string;
}

export interface IssuedCertificate {
  certificatePem: string;
  /** Upper-case hex, as Identity has it. */
  serial: string;
  /** Name of the authority that it is from, as Identity has it. */
  issuer: string;
}

/** One certificate authority. */
export class Ca {
  readonly pem: string;
  /** Common name of its certificate; no two authorities of a coordinator share it. */
  readonly name: string;
  /** `sha256:` and 64 hex digits, as join lines have it. */
  readonly hash: string;
  readonly expiresMs: number;
  readonly #issuer: Issuer;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
    this.pem = pem(issuer.certificate);
    const certificate = new X509Certificate(this.pem);
    this.name = issuer.certificate.subjectName.getField('CN')[0] ?? '';
    this.hash = certificateHash(certificate);
    this.expiresMs = Date.parse(certificate.validTo);
  }

  static async create(nowMs: number): Promise<Ca> {
    const keys = await generateKeyPair();
    return new Ca({ certificate: await createCa(keys, nowMs), privateKey: keys.privateKey });
  }

  /** Its parts as files have them. Rejects with what is wrong with them. */
  static async read({ certificatePem, keyPem }: Credentials): Promise<Ca> {
    const certificate = new x509.X509Certificate(certificatePem);
    return new Ca({ certificate, privateKey: await importPrivateKey(keyPem) });
  }

  async keyPem(): Promise<string> {
    return await privateKeyPem(this.#issuer.privateKey);
  }

  /** A server certificate for these host names and addresses; the chain ends in the CA, for joiners to check. */
  async serverCredentials(hosts: readonly string[], nowMs: number): Promise<Credentials> {
    const keys = await generateKeyPair();
    const names = [...new Set([COORDINATOR_NAME, 'localhost', ...hosts])];
    const certificate = await issue(this.#issuer, nowMs, {
      commonName: COORDINATOR_NAME,
      alternativeNames: names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name })),
      usage: 'server',
      days: SERVER_DAYS,
      publicKey: keys.publicKey,
    });
    return { certificatePem: pem(certificate) + this.pem, keyPem: await privateKeyPem(keys.privateKey) };
  }

  /** A client certificate with its key. */
  async clientCredentials(role: Role, name: string, nowMs: number): Promise<Credentials & IssuedCertificate> {
    const keys = await generateKeyPair();
    const issued = await this.#client(role, name, keys.publicKey, nowMs);
    return { ...issued, keyPem: await privateKeyPem(keys.privateKey) };
  }

  /**
   * Signs a certificate request. Only the request's key is used: name and role are ours to give.
   * @param csr PKCS#10, DER
   * @throws BothendsError `invalid-argument` when it is no valid, self-signed request
   */
  async sign(role: Role, name: string, csr: Buffer, nowMs: number): Promise<IssuedCertificate> {
    const request = await parseRequest(csr);
    return await this.#client(role, name, request.publicKey, nowMs);
  }

  async #client(
    role: Role,
    name: string,
    publicKey: Parameters<typeof issue>[2]['publicKey'],
    nowMs: number,
  ): Promise<IssuedCertificate> {
    const certificate = await issue(this.#issuer, nowMs, {
      commonName: name,
      alternativeNames: [{ type: 'url', value: identityUri(role, name) }],
      usage: 'client',
      days: CLIENT_DAYS,
      publicKey,
    });
    const certificatePem = pem(certificate);
    return { certificatePem, serial: new X509Certificate(certificatePem).serialNumber, issuer: this.name };
  }
}

async function parseRequest(csr: Buffer): Promise<x509.Pkcs10CertificateRequest> {
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    if (await request.verify()) return request;
  } catch (cause) {
    throw new BothendsError('invalid-argument', 'the certificate request is not PKCS#10 in DER: join again', {
      cause,
    });
  }
  throw new BothendsError(
    'invalid-argument',
    'the certificate request is not signed by its own key: join again',
  );
}
