import { X509Certificate } from 'node:crypto';
import { AuditChain } from '@bothends/proto/evidence/audit-chain';
import {
  type AuditEntry,
  BothendsClient,
  type CreateUserResponse,
  type User,
} from '@bothends/proto/gen/bothends/v1/bothends';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_OPTIONS, certificateRequest, clientCredentials } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';
import type { Credentials } from './ca.js';

let harness: Harness;
const clients: BothendsClient[] = [];
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  for (const client of clients) client.close();
  await harness.stop();
});

function clientOf(own: Credentials): BothendsClient {
  const client = new BothendsClient(
    harness.handle.address,
    clientCredentials(harness.context.caPem, own),
    CLIENT_OPTIONS,
  );
  clients.push(client);
  return client;
}

async function listsCaptures(client: BothendsClient): Promise<void> {
  await call((done) => client.listCaptures({}, done));
}

async function auditLog(): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  for await (const { entries } of harness.user.readAudit({ after: 0n })) all.push(...entries);
  return all;
}

test('a user has the role that was given, and is listed', async () => {
  const own = await harness.createUser('vera', 'viewer');
  await listsCaptures(clientOf(own));
  const { users } = await call<{ users: User[] }>((done) => harness.user.listUsers({}, done));
  const listed = users.map(({ name, role }) => `${name} ${role}`);
  expect(listed).toEqual(expect.arrayContaining(['admin admin', 'vera viewer']));
  const validTo = Date.parse(new X509Certificate(own.certificatePem).validTo);
  const vera = users.find(({ name }) => name === 'vera');
  expect(Number(vera?.expiresNs ?? 0n) / 1e6).toBe(validTo);
});

test('who is revoked is out at once, on an open connection and after a restart', async () => {
  const client = clientOf(await harness.createUser('rita', 'operator'));
  await listsCaptures(client);
  await call((done) => harness.user.revokeUser({ name: 'rita' }, done));
  await expect(listsCaptures(client)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringContaining('ask an administrator for a new context file'),
  });
  await harness.restart();
  const again = clientOf(await harness.createUser('rita', 'viewer'));
  await listsCaptures(again);
});

test('a name that is added again has one certificate, the new one, and whoever adds it is told', async () => {
  const add = async (role: string) =>
    await call<CreateUserResponse>((done) => harness.user.createUser({ name: 'olga', role }, done));
  const [older, newer] = [await add('admin'), await add('viewer')];
  expect([older.replaced, newer.replaced]).toEqual([false, true]);
  await expect(listsCaptures(clientOf(older))).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  await listsCaptures(clientOf(newer));
  await call((done) => harness.user.revokeUser({ name: 'olga' }, done));
  expect((await add('viewer')).replaced).toBe(false);
});

test('nobody revokes themselves, a stranger, or takes a role that there is not', async () => {
  const revoke = (name: string) => call((done) => harness.user.revokeUser({ name }, done));
  await expect(revoke('admin')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  await harness.createUser('greta', 'viewer');
  await expect(revoke('gretta')).rejects.toThrow('did you mean greta?');
  await expect(harness.createUser('x', 'root')).rejects.toThrow('viewer, operator or admin');
  await expect(harness.createUser('../x', 'viewer')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
});

test('a renewed certificate takes over when it is first used', async () => {
  const first = await harness.createUser('nora', 'viewer');
  const client = clientOf(first);
  const { csr, keyPem } = await certificateRequest('admin');
  const { certificatePem } = await call<{ certificatePem: string }>((done) =>
    client.renewUser({ csr, takesAuthorities: true }, done),
  );
  await listsCaptures(client);
  // The request asked for the name admin; the certificate is for who asked.
  expect(new X509Certificate(certificatePem).subjectAltName).toContain('bothends:viewer:nora');
  await listsCaptures(clientOf({ certificatePem, keyPem }));
  await expect(listsCaptures(client)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await auditLog()).toContainEqual(
    expect.objectContaining({ actor: 'nora', action: 'user-renew', subject: 'nora', outcome: 'done' }),
  );
});

test('an agent that is revoked is cut, stays out, and joins again with a new token', async () => {
  const own = await harness.join('db');
  const agent = await harness.agent('db', own);
  agent.hello();
  await agent.next('welcome');
  await call((done) => harness.user.revokeAgent({ name: 'db' }, done));
  expect((await agent.ended)?.details).toContain('revoked by an administrator');
  await harness.restart();
  const again = await harness.agent('db', own);
  again.hello();
  expect((await again.ended)?.details).toContain('revoked by an administrator');
  await harness.online('db');
});

test('what people did is in the audit log, in a chain that is whole', async () => {
  await harness.createUser('ada', 'viewer');
  await call((done) => harness.user.revokeUser({ name: 'ada' }, done));
  await expect(call((done) => harness.user.revokeUser({ name: 'admin' }, done))).rejects.toThrow();
  await harness.join('log');
  await call((done) => harness.user.revokeAgent({ name: 'log' }, done));
  const log = await auditLog();
  const chain = new AuditChain();
  for (const entry of log) chain.add(entry);
  expect(chain.result()).toMatchObject({ whole: true });
  const lines = log.map(({ actor, action, subject, outcome }) => `${actor} ${action} ${subject} ${outcome}`);
  expect(lines).toEqual(
    expect.arrayContaining([
      'admin user-add ada as viewer done',
      'admin user-revoke ada done',
      'admin user-revoke admin failed',
      'admin agent-revoke log done',
    ]),
  );
});

test('the audit log cannot be changed through the database either', async () => {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(`${harness.dataDir}/bothends.db`);
  expect(() => database.exec("UPDATE audit SET actor = 'x'")).toThrow('append-only');
  expect(() => database.exec('DELETE FROM audit')).toThrow('append-only');
  database.close();
});
