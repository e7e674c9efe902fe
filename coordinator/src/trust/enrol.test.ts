import { createHash, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrolOverWire } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';
import { identityOf } from './identity.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness.stop();
});

async function join(token: string, name: string) {
  return await enrolOverWire(harness.handle.address, harness.context.caPem, token, name);
}

test('a token gives one certificate that names the agent', async () => {
  const { token, joinLine } = await harness.handle.createJoinToken(null);
  expect(joinLine).toBe(
    `echo ${token} | bothends agent --join ${harness.handle.advertised} --ca-hash ${harness.handle.caHash} --token-file -`,
  );
  const { certificatePem } = await join(token, 'web-1');
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.checkIssued(new X509Certificate(harness.context.caPem))).toBe(true);
  expect(identityOf(certificate.raw)).toMatchObject({ role: 'agent', name: 'web-1' });
  await expect(join(token, 'web-2')).rejects.toThrow('has been used already');
});

test('of many hosts that race for one token exactly one joins', async () => {
  const { token } = await harness.handle.createJoinToken(null);
  const outcomes = await Promise.allSettled(
    ['r-1', 'r-2', 'r-3', 'r-4', 'r-5'].map((name) => join(token, name)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a wrong secret, an expired token, another name and a broken token are refused, each in its words', async () => {
  const { token } = await harness.handle.createJoinToken('db-1');
  await expect(join(`${token.slice(0, -1)}x`, 'db-1')).rejects.toThrow('not of the form');
  const wrong = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
  await expect(join(wrong, 'db-1')).rejects.toThrow('not valid here');
  await expect(join(token, 'db-2')).rejects.toThrow('for another name');
  const expired = await harness.handle.createJoinToken(null, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(join(expired.token, 'late')).rejects.toThrow('expired');
  // None of that used the token up.
  await join(token, 'db-1');
});

test('a name that is taken needs a token for just that name', async () => {
  await harness.join('mail');
  const { token } = await harness.handle.createJoinToken(null);
  await expect(join(token, 'mail')).rejects.toThrow('has joined already');
  await harness.join('mail');
});

test('a name that could be mistaken for an option or a path is refused', async () => {
  const { token } = await harness.handle.createJoinToken(null);
  for (const name of ['-x', '../etc', 'a b', '', 'A'.repeat(64), 'ü']) {
    await expect(join(token, name)).rejects.toThrow('is no name for an agent');
  }
});

test('the server shows its CA in the chain, and the join line its hash', async () => {
  const chain = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect(
      { port: harness.handle.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] },
      () => {
        resolve(socket.getPeerCertificate(true).issuerCertificate.raw);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
  expect(`sha256:${createHash('sha256').update(chain).digest('hex')}`).toBe(harness.handle.caHash);
});

test('who joined and who was refused is in the audit log, the token never is', async () => {
  const { token } = await call<{ token: string }>((done) =>
    harness.user.createJoinToken({ name: 'logged', validMs: 0n }, done),
  );
  await join(token, 'logged');
  await expect(join(token, 'logged')).rejects.toThrow('used');
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(`${harness.dataDir}/bothends.db`, { readonly: true });
  const rows = database.prepare('SELECT actor, action, subject, outcome, detail FROM audit').all();
  database.close();
  expect(rows).toContainEqual(
    expect.objectContaining({ actor: 'admin', action: 'join-token', subject: 'logged' }),
  );
  expect(rows).toContainEqual(
    expect.objectContaining({ action: 'enrol', subject: 'logged', outcome: 'done' }),
  );
  expect(rows).toContainEqual(
    expect.objectContaining({ action: 'enrol', subject: 'logged', outcome: 'refused' }),
  );
  expect(JSON.stringify(rows)).not.toContain(token.split('.')[2]);
});
