import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAgent } from './agent.js';
import { lockDirectory } from './control/directory-lock.js';
import { saveIdentity } from './uplink/identity.js';

let dataDir: string;
const logger = pino({ level: 'silent' });
/** Ended before it began: a start that is good returns at once. */
const signal = AbortSignal.abort();

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'bothends-agent-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function haveJoined(): void {
  saveIdentity(dataDir, { name: 'db-1', address: '127.0.0.1:1', caPem: '', certificatePem: '', keyPem: '' });
}

describe('an agent', () => {
  it('that has not joined says how to', async () => {
    await expect(runAgent({ dataDir }, { logger, signal })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('bothends join-token'),
    });
  });

  it('does not start with a policy that it does not understand', async () => {
    haveJoined();
    const policyPath = join(dataDir, 'policy.json');
    writeFileSync(policyPath, '{"maxSnaplan": 96}');
    await expect(runAgent({ dataDir, policyPath }, { logger, signal })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('unknown setting "maxSnaplan"'),
    });
    const missing = join(dataDir, 'none.json');
    await expect(runAgent({ dataDir, policyPath: missing }, { logger, signal })).rejects.toThrow(
      `policy ${missing} cannot be read`,
    );
  });

  it('does not share its directory', async () => {
    haveJoined();
    const release = await lockDirectory(dataDir);
    await expect(runAgent({ dataDir }, { logger, signal })).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    release();
  });
});
