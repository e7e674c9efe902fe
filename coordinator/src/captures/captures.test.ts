import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeAgent } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';
import { batch, coverage, segments } from '../testing/packets.js';

let harness: Harness;
let web: FakeAgent;
let db: FakeAgent;

beforeEach(async () => {
  harness = await Harness.start();
  [web, db] = [await harness.online('web'), await harness.online('db')];
});
afterEach(async () => {
  await harness.stop();
});

/** Delivers the last word of both taps. */
async function close(id: string): Promise<void> {
  await web.ship(batch(`${id}-client`, 1, segments(4), coverage(4, { closed: true })));
  await db.ship(batch(`${id}-server`, 1, segments(4), coverage(4, { closed: true })));
  web.state(`${id}-client`, 'complete');
  db.state(`${id}-server`, 'complete');
}

async function stop(captureId: string): Promise<void> {
  await call((done) => harness.user.stopCapture({ captureId }, done));
}

describe('what cannot start says why', () => {
  test('an unknown host, with the nearest names', async () => {
    await expect(harness.startCapture({ client: 'wbe' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: expect.stringContaining('did you mean web'),
    });
  });

  test('a host that is offline', async () => {
    db.close();
    await harness.agentsWith(({ name, online }) => name === 'db' && !online);
    await expect(harness.startCapture()).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('db is offline'),
    });
  });

  test('twice the same host, a name that is taken, a filter that is an option', async () => {
    await expect(harness.startCapture({ server: 'web' })).rejects.toThrow('cannot be both ends');
    await harness.startCapture({ name: 'incident 7' });
    await expect(harness.startCapture({ name: 'incident 7' })).rejects.toThrow('choose another --name');
    await expect(harness.startCapture({ filter: '-w /etc/passwd' })).rejects.toThrow('cannot begin with "-"');
    await expect(harness.startCapture({ until: 'never' })).rejects.toThrow('rst or finding');
  });

  test("one host's refusal, in its own words and code", async () => {
    const id = await harness.startCapture({ snaplen: 65_535 });
    web.state(`${id}-client`, 'armed');
    const reason = 'policy of db refuses snaplen 65535 (max 256): ask its owner, or use -s 256';
    db.state(`${id}-server`, 'refused', { code: 'permission-denied', reason });
    const failed = await harness.until(id, 'failed');
    expect(failed).toMatchObject({ code: 'permission-denied', reason });
    expect((await web.next('stop')).discard).toBe(true);
    await expect(harness.report(id)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining(reason),
    });
  });
});

test('the request reaches the agents whole', async () => {
  const change = {
    interface: 'eth0',
    snaplen: 128,
    maxPackets: 9n,
    backEnd: 'cap',
    noMarker: true,
    durationMs: 5000n,
  };
  const id = await harness.startCapture(change);
  const arm = await web.next('arm');
  expect(arm).toMatchObject({
    captureId: id,
    interface: 'eth0',
    snaplen: 128,
    maxPackets: 9n,
    backEnd: 'cap',
    markerPort: 0,
    durationMs: 5000n,
    coordinatorPort: harness.handle.port,
    requestedBy: 'admin',
  });
  expect(arm.coordinatorAddresses).toContain('127.0.0.1');
  expect(arm.peerAddresses).toHaveLength(1);
});

test('the key of the digests is new for each capture and never reaches the disk', async () => {
  await harness.startCapture();
  const first = (await web.next('arm')).digestKey;
  const id = await harness.startCapture();
  const second = (await web.next('arm')).digestKey;
  expect(first.equals(second)).toBe(false);
  await stop(id);
  expect(await harness.isOnDisk(first)).toBe(false);
  expect(await harness.isOnDisk(Buffer.from(id))).toBe(true);
});

test('a capture can be asked for by name, and names are made up when none is given', async () => {
  const first = await harness.record(web, db);
  const second = await harness.startCapture();
  expect([(await harness.state(first)).name, (await harness.state(second)).name]).toEqual([
    'web-db',
    'web-db-2',
  ]);
  expect((await harness.report('web-db')).capture.id).toBe(first);
  await expect(harness.report('web-bd')).rejects.toThrow('did you mean web-db');
});

test('--until rst stops the capture by itself when a RST arrives', async () => {
  const id = await harness.record(web, db, { until: 'rst' });
  await web.ship(batch(`${id}-client`, 1, segments(3), coverage(3)));
  await web.ship(batch(`${id}-client`, 2, segments(3, { reset: true }), coverage(6)));
  expect((await db.next('stop')).leadOutMs).toBeGreaterThan(0);
});

test('findings reach the watcher while the capture runs', async () => {
  const id = await harness.record(web, db);
  await db.ship(batch(`${id}-server`, 1, segments(3, { reset: true }), coverage(3)));
  const { findingsJson } = await harness.watchUntil(id, (message) => message.findingsJson.length > 0);
  expect(JSON.parse(findingsJson[0])).toMatchObject({ code: 'rst-genuine' });
});

test('an agent that went down makes the capture partial, and its coverage shows the gap', async () => {
  const id = await harness.record(web, db);
  await db.ship(batch(`${id}-server`, 1, segments(4), coverage(4)));
  const agentDown = { fromNs: 1n, toNs: 2n, packets: 0n, cause: 'agent-down' };
  db.close();
  await harness.agentsWith(({ name, online }) => name === 'db' && !online);
  expect((await harness.state(id)).taps[1].online).toBe(false);
  const back = await harness.return('db', [`${id}-server`]);
  const last = { ...coverage(4, { closed: true }), gaps: [agentDown] };
  back.state(`${id}-server`, 'complete', { coverage: last });
  await back.ship(batch(`${id}-server`, 2, segments(0), last));
  await web.next('stop');
  await web.ship(batch(`${id}-client`, 1, segments(4), coverage(4, { closed: true })));
  web.state(`${id}-client`, 'complete');
  expect((await harness.until(id, 'partial')).reason).toContain(
    'db: the agent went down while it recorded, for 0.0 s',
  );
  expect((await harness.report(id)).taps[1]).toMatchObject({ packets: 4, gaps: [{ cause: 'agent-down' }] });
});

test('an agent that says hello again on its link, such as for a new policy, loses no tap that it is just arming', async () => {
  const id = await harness.startCapture();
  await web.next('arm');
  web.hello({ tapIds: [], policyJson: '{"nice":7}' });
  await web.next('welcome');
  expect((await harness.state(id)).state).toBe('arming');
  for (const [agent, role] of [
    [web, 'client'],
    [db, 'server'],
  ] as const) {
    agent.state(`${id}-${role}`, 'armed');
    await harness.watchUntil(id, ({ capture }) =>
      capture.taps.some((tap) => tap.role === role && tap.state === 'armed'),
    );
  }
  expect((await web.next('start')).tapId).toBe(`${id}-client`);
});

test('an agent that comes back without its tap is not waited for in silence', async () => {
  const id = await harness.record(web, db);
  db.close();
  await harness.agentsWith(({ name, online }) => name === 'db' && !online);
  await harness.return('db', []);
  await web.next('stop');
  expect((await harness.state(id)).taps[1]).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('lost its tap'),
  });
});

test('a restart of the coordinator loses nothing of a running capture', async () => {
  const id = await harness.record(web, db);
  await web.ship(batch(`${id}-client`, 1, segments(4), coverage(4)));
  await harness.restart();
  expect((await harness.state(id)).state).toBe('recording');
  web = await harness.return('web', [`${id}-client`]);
  db = await harness.return('db', [`${id}-server`]);
  // The agent did not hear that its first batch was committed.
  await web.ship(
    batch(`${id}-client`, 1, segments(4), coverage(4)),
    batch(`${id}-client`, 2, segments(2), coverage(6, { closed: true })),
  );
  await stop(id);
  await web.next('stop');
  await db.ship(batch(`${id}-server`, 1, segments(5), coverage(5, { closed: true })));
  web.state(`${id}-client`, 'complete');
  db.state(`${id}-server`, 'complete');
  await harness.until(id, 'complete');
  expect((await harness.report(id)).taps.map(({ packets }: { packets: number }) => packets)).toEqual([6, 5]);
});

test('a capture that was arming when the coordinator stopped goes on when its agents are back', async () => {
  const id = await harness.startCapture();
  await web.next('arm');
  web.state(`${id}-client`, 'armed');
  await db.next('arm');
  await harness.restart();
  expect(await harness.state(id)).toMatchObject({ state: 'arming' });
  const ends = [
    [await harness.return('web', [`${id}-client`]), `${id}-client`],
    [await harness.return('db', [`${id}-server`]), `${id}-server`],
  ] as const;
  for (const [agent, tapId] of ends) agent.state(tapId, 'armed');
  for (const [agent, tapId] of ends) {
    expect((await agent.next('start')).tapId).toBe(tapId);
    agent.state(tapId, 'recording');
  }
  await harness.until(id, 'recording');
});

test('an agent that knows nothing of a capture that was arming ends it, and the other tap is thrown away', async () => {
  const id = await harness.startCapture();
  await web.next('arm');
  await harness.restart();
  const back = await harness.return('web', [`${id}-client`]);
  await harness.return('db', []);
  expect(await back.next('stop')).toMatchObject({ tapId: `${id}-client`, discard: true });
  expect(await harness.state(id)).toMatchObject({ state: 'failed', code: 'data-loss' });
});

test('the stored report is the same after a restart, byte for byte', async () => {
  const id = await harness.record(web, db);
  await stop(id);
  await close(id);
  await harness.until(id, 'complete');
  const before = await harness.reportText(id);
  await harness.restart();
  expect(await harness.reportText(id)).toBe(before);
});

test('a deleted capture is gone with its evidence; one that runs cannot be deleted', async () => {
  const id = await harness.record(web, db);
  const remove = async () => await call((done) => harness.user.deleteCapture({ captureId: id }, done));
  await expect(remove()).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  await stop(id);
  await close(id);
  await harness.until(id, 'complete');
  await remove();
  await expect(harness.report(id)).rejects.toMatchObject({ code: status.NOT_FOUND });
});

test('the evidence is exported as it was shipped', async () => {
  const id = await harness.record(web, db);
  const shipped = batch(`${id}-client`, 1, segments(4), coverage(4));
  await web.ship(shipped);
  const exported = await harness.evidence(id);
  expect(exported).toEqual([{ batch: shipped, agent: 'web', role: 'client' }]);
});

test('two agents that can agree on a key get each other’s, and none from here', async () => {
  const north = await harness.agent('north');
  const south = await harness.agent('south');
  for (const agent of [north, south]) {
    agent.hello({ exchangeKey: Buffer.from(agent.name) });
    await agent.next('welcome');
  }
  await harness.startCapture({ client: 'north', server: 'south' });
  const arms = [await north.next('arm'), await south.next('arm')];
  expect(arms.map(({ digestKey }) => digestKey.length)).toEqual([0, 0]);
  expect(arms.map(({ peerExchangeKey }) => peerExchangeKey?.toString())).toEqual(['south', 'north']);
  // With an older agent at the other end both get the key that is made here.
  await harness.startCapture({ client: 'web', server: 'south' });
  const mixed = [(await web.next('arm')).digestKey, (await south.next('arm')).digestKey];
  expect(mixed[0]).toHaveLength(16);
  expect(mixed[1]).toEqual(mixed[0]);
});
