import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';
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
import { identityUri, type Role, type UserRole } from './identity.js';
import { writePrivateFile } from './private-file.js';
import { x509 } from './x509.js';

/** Every coordinator's certificate carries this name, so that peers need not know how they reached it. */
export const SERVER_NAME = 'bothends-coordinator';

export interface Credentials {
  certificatePem: string;
  keyPem: string;
}

export interface IssuedCertificate {
  certificatePem: string;
  /** Upper-case hex, as Identity has it. */
  serial: string;
}

/** The coordinator's own certificate authority, kept in its data directory. */
export class Authority {
  readonly caPem: string;
  readonly #issuer: Issuer;
  readonly #nowMs: () => number;

  constructor(issuer: Issuer, nowMs: () => number) {
    this.#issuer = issuer;
    this.#nowMs = nowMs;
    this.caPem = pem(issuer.certificate);
  }

  /** `sha256:` and 64 hex digits of SHA-256 over the CA certificate's DER. */
  get caHash(): string {
    const der = Buffer.from(this.#issuer.certificate.rawData);
    return `sha256:${createHash('sha256').update(der).digest('hex')}`;
  }

  /** A fresh server certificate for these host names and addresses; the chain ends in the CA, for joiners to check. */
  async serverCredentials(hosts: readonly string[]): Promise<Credentials> {
    const keys = await generateKeyPair();
    const names = [...new Set([SERVER_NAME, 'localhost', ...hosts])];
    const certificate = await issue(this.#issuer, this.#nowMs(), {
      commonName: SERVER_NAME,
      alternativeNames: names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name })),
      usage: 'server',
      days: SERVER_DAYS,
      publicKey: keys.publicKey,
    });
    return { certificatePem: pem(certificate) + this.caPem, keyPem: await privateKeyPem(keys.privateKey) };
  }

  /** A client certificate with its key, for a user. */
  async userCredentials(role: UserRole, name: string): Promise<Credentials> {
    const keys = await generateKeyPair();
    const { certificatePem } = await this.#client(role, name, keys.publicKey);
    return { certificatePem, keyPem: await privateKeyPem(keys.privateKey) };
  }

  /**
   * Signs an agent's certificate request. Only the request's key is used: name and role are ours to give.
   * @param csr PKCS#10, DER
   * @throws BothendsError `invalid-argument` when it is no valid, self-signed request
   */
  async agentCertificate(name: string, csr: Buffer): Promise<IssuedCertificate> {
    const request = await parseRequest(csr);
    return await this.#client('agent', name, request.publicKey);
  }

  /** Signs a user's certificate request, like an agent's. @throws BothendsError `invalid-argument` */
  async userCertificate(role: UserRole, name: string, csr: Buffer): Promise<IssuedCertificate> {
    const request = await parseRequest(csr);
    return await this.#client(role, name, request.publicKey);
  }

  async #client(role: Role, name: string, publicKey: Parameters<typeof issue>[2]['publicKey']) {
    const certificate = await issue(this.#issuer, this.#nowMs(), {
      commonName: name,
      alternativeNames: [{ type: 'url', value: identityUri(role, name) }],
      usage: 'client',
      days: CLIENT_DAYS,
      publicKey,
    });
    const certificatePem = pem(certificate);
    return { certificatePem, serial: new X509Certificate(certificatePem).serialNumber };
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

/**
 * The authority of a data directory; made on first start.
 * @throws BothendsError `failed-precondition` when only half of it is there or it cannot be read
 */
export async function openAuthority(dataDir: string, nowMs: () => number): Promise<Authority> {
  const directory = join(dataDir, 'ca');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const certificatePath = join(directory, 'ca.crt');
  const keyPath = join(directory, 'ca.key');
  const [certificate, key] = await Promise.all([readIfThere(certificatePath), readIfThere(keyPath)]);
  if (certificate !== null && key !== null) return await load(certificate, key, directory, nowMs);
  if (certificate !== null) {
    throw new BothendsError(
      'failed-precondition',
      `${keyPath} is missing, so the CA of this fleet cannot sign: restore the file, or start with a new --data`,
    );
  }
  const keys = await generateKeyPair();
  const made = await createCa(keys, nowMs());
  // The key first: a certificate without its key would stop the next start.
  await writePrivateFile(keyPath, await privateKeyPem(keys.privateKey));
  await writePrivateFile(certificatePath, pem(made));
  return new Authority({ certificate: made, privateKey: keys.privateKey }, nowMs);
}

async function load(
  certificate: string,
  key: string,
  directory: string,
  nowMs: () => number,
): Promise<Authority> {
  try {
    const issuer = {
      certificate: new x509.X509Certificate(certificate),
      privateKey: await importPrivateKey(key),
    };
    return new Authority(issuer, nowMs);
  } catch (cause) {
    throw new BothendsError(
      'failed-precondition',
      `the CA in ${directory} cannot be read: restore ca.crt and ca.key, or start with a new --data`,
      { cause },
    );
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new BothendsError('failed-precondition', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
