import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OLDEST_PROTOCOL, PROTOCOL } from '@bothends/proto';
import { AgentLinkService, JoinService } from '@bothends/proto/gen/bothends/v1/agent';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { type ChannelCredentials, Client, credentials, status as Status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_OPTIONS, clientCredentials, FakeAgent } from '../../testing/fake-agent.js';
import { call, Harness } from '../../testing/harness.js';
import { batch, coverage, segments } from '../../testing/packets.js';
import { ACCESS, type Access } from '../../trust/access.js';
import { openAuthority } from '../../trust/authority.js';
import type { Credentials } from '../../trust/ca.js';

const ALL = 'none foreign server replaced expired revoked forged agent viewer operator admin'.split(' ');
const YEAR_MS = 365 * 86_400_000;
/** Who is let in by each kind of access; everybody else is refused. */
const ALLOWED: Record<Access, string[]> = {
  open: ALL,
  agent: ['agent'],
  viewer: ['viewer', 'operator', 'admin'],
  operator: ['operator', 'admin'],
  admin: ['admin'],
};

let harness: Harness;
let foreignDir: string;
const callers = new Map<string, ChannelCredentials>();

beforeAll(async () => {
  harness = await Harness.start();
  foreignDir = await mkdtemp(join(tmpdir(), 'bothends-foreign-'));
  const { caPem, certificatePem, keyPem } = harness.context;
  const own = await openAuthority(harness.dataDir, Date.now);
  const foreign = await openAuthority(foreignDir, Date.now);
  const add = (name: string, pair: Credentials) => callers.set(name, clientCredentials(caPem, pair));
  callers.set('none', credentials.createSsl(Buffer.from(caPem)));
  add('foreign', await foreign.userCredentials('admin', 'admin'));
  add('server', await own.serverCredentials([]));
  add('replaced', await harness.join('web'));
  add('agent', await harness.join('web'));
  add('viewer', await harness.createUser('vera', 'viewer'));
  add('operator', await harness.createUser('olga', 'operator'));
  const yearAgo = await openAuthority(harness.dataDir, () => Date.now() - YEAR_MS);
  add('expired', await yearAgo.userCredentials('admin', 'admin'));
  add('revoked', await harness.createUser('rita', 'admin'));
  await call((done) => harness.user.revokeUser({ name: 'rita' }, done));
  // Signed by our authority, though the coordinator never wrote it down, as one who copied the CA's key would.
  add('forged', await own.userCredentials('admin', 'admin'));
  add('admin', { certificatePem, keyPem });
});

afterAll(async () => {
  await harness.stop();
  await rm(foreignDir, { recursive: true, force: true });
});

/** Calls a method with one empty message; resolves with the status. */
async function knock(path: string, caller: string): Promise<{ code: number; details: string }> {
  const credentialsOf = callers.get(caller);
  if (credentialsOf === undefined) throw new Error(`no caller ${caller}`);
  const client = new Client(harness.handle.address, credentialsOf, CLIENT_OPTIONS);
  const same = (bytes: Buffer) => bytes;
  const stream = client.makeBidiStreamRequest(path, same, same);
  const status = new Promise<{ code: number; details: string }>((resolve) => stream.on('status', resolve));
  stream.on('error', () => {});
  // Health/Watch would stay open for ever.
  stream.on('data', () => stream.cancel());
  stream.write(Buffer.alloc(0));
  stream.end();
  const { code, details } = await status;
  client.close();
  return { code, details };
}

const methods = [JoinService, AgentLinkService, BothendsService].flatMap((service) =>
  Object.values(service).map(({ path }) => path),
);

test('every method of every service has a declared access', () => {
  expect(methods.length).toBeGreaterThan(12);
  for (const path of methods) expect(ACCESS[path], path).toBeDefined();
});

for (const [path, access] of Object.entries(ACCESS)) {
  test(`${path} is for ${access}`, async () => {
    for (const caller of ALL) {
      const { code, details } = await knock(path, caller);
      const refused =
        (code === Status.UNAUTHENTICATED && /certificate/.test(details)) || code === Status.PERMISSION_DENIED;
      expect(refused, `${caller}: ${code} ${details}`).toBe(!ALLOWED[access].includes(caller));
    }
  });
}

test('a second call on a resumed TLS session without a certificate is refused like the first', async () => {
  for (let i = 0; i < 3; i++) {
    expect((await knock(BothendsService.listAgents.path, 'none')).code).toBe(Status.UNAUTHENTICATED);
  }
});

test('an agent whose name was given to another host is cut and told why', async () => {
  const older = await harness.online('moved');
  await harness.join('moved');
  const error = await older.ended;
  expect(error?.details).toContain('another host joined by this name');
  await expect(older.ship(batch('any', 1, segments(1), coverage(1)))).rejects.toMatchObject({
    code: Status.UNAUTHENTICATED,
  });
});

test('a second agent of the same name stays out while the first is alive', async () => {
  const own = await harness.join('twin');
  const first = await harness.agent('twin', own);
  first.hello();
  await first.next('welcome');
  const second = await harness.agent('twin', own);
  second.hello();
  const error = await second.ended;
  expect(error?.code).toBe(Status.ALREADY_EXISTS);
  expect(error?.details).toContain('an agent called twin is connected already');
});

test('an agent that comes back takes the place of its own old link at once; a copy of its data does not', async () => {
  const own = await harness.join('back');
  const link = async (dataDirectory: string, bootId = 'boot') => {
    const agent = await harness.agent('back', own);
    agent.hello({ dataDirectory, bootId });
    return agent;
  };
  const first = await link('8:1');
  await first.next('welcome');
  const second = await link('8:1');
  await second.next('welcome');
  expect((await first.ended)?.details).toContain('back connected anew from');
  for (const other of [await link('8:2'), await link('8:1', 'another boot'), await link('')]) {
    expect((await other.ended)?.details).toContain('an agent called back is connected already');
  }
  await harness.agentsWith(({ name, online }) => name === 'back' && online);
});

test('an agent of another protocol is told who must be upgraded', async () => {
  const newer = await harness.agent('newer');
  newer.hello({ protocol: PROTOCOL + 1, version: '9.9.9' });
  expect((await newer.ended)?.details).toMatch(
    /newer \(version 9\.9\.9\) speaks protocol .*upgrade the coordinator/,
  );
  const older = await harness.agent('older');
  older.hello({ protocol: OLDEST_PROTOCOL - 1, version: '0.0.1' });
  expect((await older.ended)?.details).toMatch(
    /older \(version 0\.0\.1\) speaks protocol .*upgrade the agent/,
  );
});

test('an agent of the next release speaks as the present one does', async () => {
  const next = await harness.agent('next');
  next.hello({ protocol: PROTOCOL + 1, oldestProtocol: PROTOCOL, version: '9.9.9' });
  expect((await next.next('welcome')).protocol).toBe(PROTOCOL);
});

test('an agent cannot connect with credentials of a foreign fleet', async () => {
  const foreign = await openAuthority(foreignDir, Date.now);
  const pair = await foreign.userCredentials('viewer', 'x');
  const agent = new FakeAgent('x', harness.handle.address, harness.context.caPem, pair);
  agent.hello();
  expect((await agent.ended)?.code).toBe(Status.UNAUTHENTICATED);
  agent.close();
});
