import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCoordinator } from './fake-coordinator.js';
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

  it('is left alone in the first half of its life', async () => {
    await keeper().check(Date.now() + 40 * DAY_MS);
    expect(coordinator.renewals).toEqual([]);
  });

  it('is renewed in the second half, on a key that is new and stays here', async () => {
    const before = loadIdentity(directory);
    coordinator.renewed = 'new certificate';
    await keeper().check(Date.now() + 60 * DAY_MS);
    const after = loadIdentity(directory);
    expect(after).toMatchObject({ name: 'db-1', certificatePem: 'new certificate', caPem: before?.caPem });
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

  it('stays what it was while the coordinator is away', async () => {
    coordinator.stop();
    const before = loadIdentity(directory);
    await keeper().check(Date.now() + 60 * DAY_MS);
    expect(loadIdentity(directory)).toEqual(before);
    expect(new X509Certificate(before?.certificatePem ?? '').subject).toBe('CN=db-1');
  });
});
