import { BothendsClient, type ReadAuditResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_OPTIONS, clientCredentials, type FakeAgent } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';

let harness: Harness;
let web: FakeAgent;
let db: FakeAgent;
const users = new Map<string, BothendsClient>();

beforeAll(async () => {
  harness = await Harness.start();
  web = await harness.online('web');
  db = await harness.agent('db');
  db.hello({ consentOwners: ['olga', 'otto'] });
  await db.next('welcome');
  for (const name of ['olga', 'vera']) {
    const own = await harness.createUser(name, name === 'olga' ? 'viewer' : 'admin');
    const tls = clientCredentials(harness.context.caPem, own);
    users.set(name, new BothendsClient(harness.handle.address, tls, CLIENT_OPTIONS));
  }
});
afterAll(async () => {
  for (const client of users.values()) client.close();
  await harness.stop();
});

async function approve(name: string, captureId: string): Promise<{ agents: string[] }> {
  return await call<{ agents: string[] }>((done) => users.get(name)?.approveCapture({ captureId }, done));
}

test('a capture waits for an owner of the host that asks, and no host hears of it before', async () => {
  const id = await harness.startCapture();
  await harness.until(id, 'asking');
  await expect(approve('vera', id)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: expect.stringContaining('db waits for olga or otto'),
  });
  expect((await harness.state(id)).state).toBe('asking');
  expect(await approve('olga', id)).toEqual({ agents: ['db'] });
  expect((await db.next('arm')).approvedBy).toBe('olga');
  // What the other host gets first is this capture too: nothing was sent to it while the capture waited.
  expect(await web.next('arm')).toMatchObject({ captureId: id, approvedBy: '', requestedBy: 'admin' });
  await expect(approve('olga', id)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
});

test('both names are in the audit log', async () => {
  const lines: string[] = [];
  const stream = harness.user.readAudit({ after: 0n }) as AsyncIterable<ReadAuditResponse>;
  for await (const { entries } of stream) {
    lines.push(
      ...entries.map(({ actor, action, subject, outcome }) => `${actor} ${action} ${subject} ${outcome}`),
    );
  }
  expect(lines).toContainEqual(expect.stringMatching(/^olga approve c-\S+ asked for by admin done$/));
  expect(lines).toContainEqual(expect.stringMatching(/^vera approve c-\S+ asked for by admin refused$/));
});

test('one that is stopped while it waits has failed, and can be approved no more', async () => {
  const id = await harness.startCapture({ name: 'given-up' });
  await harness.until(id, 'asking');
  await call((done) => harness.user.stopCapture({ captureId: id }, done));
  expect(await harness.until(id, 'failed')).toMatchObject({ code: 'cancelled' });
  await expect(approve('olga', id)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
});
