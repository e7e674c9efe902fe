import type { RawHead } from '@bothends/proto/gen/bothends/v1/agent';
import type { ExportRawResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FakeAgent } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';
import { batch, coverage, segments } from '../testing/packets.js';

let harness: Harness;
let web: FakeAgent;
let db: FakeAgent;
let captureId: string;
beforeAll(async () => {
  harness = await Harness.start();
  [web, db] = [await harness.agent('web'), await harness.agent('db')];
  for (const agent of [web, db]) {
    agent.hello({ knowsRaw: true });
    await agent.next('welcome');
  }
  captureId = await harness.record(web, db, { keepRaw: true });
});
afterAll(async () => {
  await harness.stop();
});

/** What an operator gets, and how it ends. */
async function exported(tap: string): Promise<{ text: string; lacks: string; error: ServiceError | null }> {
  const pieces: Buffer[] = [];
  let lacks = '';
  try {
    const stream = harness.user.exportRaw({ captureId, tap }) as AsyncIterable<ExportRawResponse>;
    for await (const message of stream) {
      pieces.push(message.data);
      lacks ||= message.lacks;
    }
    return { text: Buffer.concat(pieces).toString(), lacks, error: null };
  } catch (error) {
    return { text: Buffer.concat(pieces).toString(), lacks, error: error as ServiceError };
  }
}

const headOf = (fetchId: string, bytes: number, change: Partial<RawHead> = {}): RawHead => ({
  ...{ fetchId, reason: '', code: '', lacks: '', bytes: BigInt(bytes) },
  ...change,
});

async function finish(): Promise<void> {
  await call((done) => harness.user.stopCapture({ captureId }, done));
  for (const [agent, role] of [
    [web, 'client'],
    [db, 'server'],
  ] as const) {
    await agent.ship(batch(`${captureId}-${role}`, 1, segments(0), coverage(0, { closed: true })));
    agent.state(`${captureId}-${role}`, 'complete');
  }
  await harness.until(captureId, 'complete');
}

test('nothing is asked of a host while its capture runs', async () => {
  const { error } = await exported('client');
  expect(error?.code).toBe(status.FAILED_PRECONDITION);
  expect(error?.details).toContain(`"bothends stop ${captureId}" first`);
  await finish();
});

test('what the agent sends is passed on, by the name of the host or its end, with what it lacks', async () => {
  for (const tap of ['client', 'web']) {
    const answer = exported(tap);
    const { fetchId, tapId, requestedBy } = await web.next('fetchRaw');
    expect([tapId, requestedBy]).toEqual([`${captureId}-client`, 'admin']);
    const lacks = 'packets of the end are missing';
    expect(await web.sendRaw(headOf(fetchId, 7, { lacks }), ['pac', 'kets'])).toBeNull();
    expect(await answer).toEqual({ text: 'packets', lacks, error: null });
  }
});

test('another agent cannot answer in its place, nor anybody what was not asked', async () => {
  const evil = await harness.online('evil');
  const answer = exported('client');
  const { fetchId } = await web.next('fetchRaw');
  const refused = await evil.sendRaw(headOf(fetchId, 4), ['evil']);
  expect(refused?.code).toBe(status.NOT_FOUND);
  expect((await evil.sendRaw(headOf('no such', 4), ['evil']))?.code).toBe(status.NOT_FOUND);
  expect(await web.sendRaw(headOf(fetchId, 4), ['good'])).toBeNull();
  expect((await answer).text).toBe('good');
});

test('a refusal comes in the words of the agent, and is in the audit log', async () => {
  const answer = exported('client');
  const { fetchId } = await web.next('fetchRaw');
  const reason = `policy of web refuses to let raw packets leave it (rawPackets: keep): ${'x'.repeat(100)}`;
  await web.sendRaw(headOf(fetchId, 0, { reason, code: 'permission-denied' }), []);
  expect((await answer).error).toMatchObject({ code: status.PERMISSION_DENIED, details: reason });
  const outcomes: string[] = [];
  for await (const { entries } of harness.user.readAudit({ after: 0n })) {
    for (const { action, outcome } of entries) if (action === 'raw-export') outcomes.push(outcome);
  }
  expect(outcomes).toEqual(['failed', 'done', 'done', 'done', 'refused']);
});

test('a file that is cut short is an error, and no shorter file', async () => {
  const answer = exported('client');
  const { fetchId } = await web.next('fetchRaw');
  await web.sendRaw(headOf(fetchId, 100), ['only a part']);
  expect((await answer).error).toMatchObject({ code: status.UNAVAILABLE });
});

test('of a host of a release before, and of one that is away, it is said what to do', async () => {
  db.hello();
  await db.next('welcome');
  const { error } = await exported('server');
  expect(error?.details).toContain('is of a release that keeps no raw packets: upgrade it');
  const { error: none } = await exported('elsewhere');
  expect(none?.details).toContain('it has web (client) and db (server)');
  web.close();
  await harness.agentsWith(({ name, online }) => name === 'web' && !online);
  expect((await exported('client')).error?.code).toBe(status.UNAVAILABLE);
});
