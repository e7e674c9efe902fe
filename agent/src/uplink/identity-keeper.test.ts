import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authoritiesDigest } from '@bothends/proto/trust/authorities';
import { credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { loadIdentity, saveIdentity } from './identity.js';
import { IdentityKeeper } from './identity-keeper.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('SKIPPED: certificates are made by the program openssl');

const DAY_MS = 86_400_000;
const logger = pino({ level: 'silent' });

describe.skipIf(!hasOpenssl)("an agent's certificate", () => {
  let directory: string;
  let coordinator: FakeCoordinator;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bothends-renewal-'));
    coordinator = new FakeCoordinator();
    await coordinator.start();
    const files = ['-keyout', 'key', '-out', 'crt', '-subj', '/CN=db-1', '-days', '100'];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', ...kind, ...files], { cwd: directory, stdio: 'pipe' });
    const certificatePem = readFileSync(join(directory, 'crt'), 'utf8');
    const keyPem = readFileSync(join(directory, 'key'), 'utf8');
    saveIdentity(directory, {
      name: 'db-1',
      address: coordinator.target,
      caPem: certificatePem,
      certificatePem,
      keyPem,
    });
  });
  afterEach(() => {
    coordinator.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function keeper(): IdentityKeeper {
    const identity = loadIdentity(directory);
    if (identity === null) throw new Error('saved before each test');
    // The fake speaks no TLS.
    return new IdentityKeeper(identity, directory, logger, () => credentials.createInsecure());
  }

  /** Signs a request as the authority whose certificate and key are in these files. */
  function sign(csr: Buffer, authority = 'crt', key = 'key'): string {
    writeFileSync(join(directory, 'asked'), csr);
    const argv = ['x509', '-req', '-inform', 'DER', '-in', 'asked', '-CA', authority, '-CAkey', key];
    return execFileSync('openssl', [...argv, '-CAcreateserial'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Another authority; its certificate, PEM. */
  function otherAuthority(): string {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const files = ['-keyout', 'other.key', '-out', 'other.crt', '-subj', '/CN=other'];
    execFileSync('openssl', ['req', ...kind, ...files], { cwd: directory, stdio: 'pipe' });
    return readFileSync(join(directory, 'other.crt'), 'utf8');
  }

  it('is left alone in the first half of its life', async () => {
    await keeper().check(Date.now() + 40 * DAY_MS);
    expect(coordinator.renewals).toEqual([]);
  });

  it('is renewed in the second half, on a key that is new and stays here', async () => {
    const before = loadIdentity(directory);
    coordinator.renewed = sign;
    await keeper().check(Date.now() + 60 * DAY_MS);
    const after = loadIdentity(directory);
    // A coordinator that says nothing of its authorities has the one that it had.
    expect(after).toMatchObject({ name: 'db-1', caPem: before?.caPem });
    expect(after?.certificatePem).not.toBe(before?.certificatePem);
    expect(after?.keyPem).not.toBe(before?.keyPem);
    // What went out asks for the key that is kept, says openssl.
    const [csr] = coordinator.renewals;
    writeFileSync(join(directory, 'csr'), csr ?? '');
    const argv = ['req', '-inform', 'DER', '-in', 'csr', '-noout', '-pubkey', '-verify'];
    const pem = execFileSync('openssl', argv, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const spki = (key: string) => createPublicKey(key).export({ type: 'spki', format: 'der' });
    expect(spki(pem)).toEqual(spki(after?.keyPem ?? ''));
  });

  it('is from the new authority as soon as the coordinator has one, and both are trusted', async () => {
    const caPem = `${otherAuthority()}${loadIdentity(directory)?.caPem}`;
    coordinator.caPem = caPem;
    coordinator.renewed = (csr) => sign(csr, 'other.crt', 'other.key');
    const kept = keeper();
    expect(await kept.follow(authoritiesDigest(caPem))).toBe(true);
    const after = loadIdentity(directory);
    expect(after?.caPem).toBe(caPem);
    expect(new X509Certificate(after?.certificatePem ?? '').issuer).toBe('CN=other');
    // Said again, it is no news.
    expect(await kept.follow(authoritiesDigest(caPem))).toBe(false);
    expect(coordinator.renewals).toHaveLength(1);
  });

  it('is tried again later when the coordinator could not be asked at once', async () => {
    const caPem = otherAuthority();
    const kept = keeper();
    coordinator.stop();
    expect(await kept.follow(authoritiesDigest(caPem))).toBe(false);
    await coordinator.start();
    coordinator.caPem = caPem;
    coordinator.renewed = (csr) => sign(csr, 'other.crt', 'other.key');
    // In the first half of its life.
    expect(await kept.check(Date.now())).toBe(true);
    expect(loadIdentity(directory)?.caPem).toBe(caPem);
  });

  it.each([
    ['no certificate', () => 'no certificate'],
    ['one on another key', () => readFileSync(join(directory, 'crt'), 'utf8')],
    ['one of a strange authority', (csr: Buffer) => sign(csr, 'other.crt', 'other.key')],
  ])('stays what it was when the answer is %s', async (_what, answer) => {
    otherAuthority();
    coordinator.renewed = answer;
    const before = loadIdentity(directory);
    expect(await keeper().check(Date.now() + 60 * DAY_MS)).toBe(false);
    expect(loadIdentity(directory)).toEqual(before);
  });

  it('stays what it was while the coordinator is away', async () => {
    coordinator.stop();
    const before = loadIdentity(directory);
    await keeper().check(Date.now() + 60 * DAY_MS);
    expect(loadIdentity(directory)).toEqual(before);
    expect(new X509Certificate(before?.certificatePem ?? '').subject).toBe('CN=db-1');
  });
});
