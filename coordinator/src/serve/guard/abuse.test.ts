import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AgentLinkService } from '@bothends/proto/gen/bothends/v1/agent';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_OPTIONS, clientCredentials } from '../../testing/fake-agent.js';
import { call, Harness } from '../../testing/harness.js';
import { batch, coverage, segments } from '../../testing/packets.js';

/** Whatever a peer does, the others are served: every test here ends by asking for the list of agents. */
let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness.stop();
});

async function isServing(): Promise<boolean> {
  const { agents } = await call<{ agents: unknown[] }>((done) => harness.user.listAgents({}, done));
  return Array.isArray(agents);
}

/** A stream of raw bytes as an agent; resolves with its status. */
async function sendRaw(
  path: string,
  messages: readonly Buffer[],
): Promise<{ code: number; details: string }> {
  const own = await harness.join('raw');
  const client = new Client(harness.handle.address, clientCredentials(harness.context.caPem, own), {
    ...CLIENT_OPTIONS,
    'grpc.max_send_message_length': -1,
  });
  const stream = client.makeBidiStreamRequest(
    path,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
  );
  const ended = new Promise<{ code: number; details: string }>((resolve) => stream.on('status', resolve));
  stream.on('error', () => {});
  stream.on('data', () => {});
  for (const message of messages) stream.write(message);
  stream.end();
  const { code, details } = await ended;
  client.close();
  return { code, details };
}

test('a message beyond the limit is refused before it is read', async () => {
  const { code } = await sendRaw(AgentLinkService.ship.path, [Buffer.alloc(5 * 1024 * 1024)]);
  expect(code).toBe(status.RESOURCE_EXHAUSTED);
  expect(await isServing()).toBe(true);
});

test('bytes that are no message of ours end their own stream only', async () => {
  const nested = Buffer.from('0a'.repeat(2000), 'hex');
  for (const garbage of [Buffer.from('ffffffffffffffffffff', 'hex'), nested, Buffer.from('0a7f00', 'hex')]) {
    for (const path of [AgentLinkService.ship.path, AgentLinkService.control.path]) {
      const { code } = await sendRaw(path, [garbage]);
      // Not UNAVAILABLE: the connection lives on.
      expect(code, garbage.toString('hex')).not.toBe(status.UNAVAILABLE);
    }
  }
  expect(await isServing()).toBe(true);
});

test('peers that speak no TLS, no HTTP/2, or nothing at all hold up nobody', async () => {
  const { port } = harness.handle;
  const silent = connectTcp(port, '127.0.0.1');
  const noisy = connectTcp(port, '127.0.0.1');
  const halfway = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  for (const socket of [silent, noisy, halfway]) socket.on('error', () => {});
  await Promise.all([once(silent, 'connect'), once(noisy, 'connect'), once(halfway, 'secureConnect')]);
  noisy.write('GET / HTTP/1.1\r\n\r\n'.repeat(1000));
  halfway.write(Buffer.alloc(100_000, 0xee));
  expect(await isServing()).toBe(true);
  for (const socket of [silent, noisy, halfway]) socket.destroy();
});

test('an agent that says nothing of its taps, or of taps that are not its own, changes nothing', async () => {
  const [web, db] = [await harness.online('web'), await harness.online('db')];
  const id = await harness.record(web, db);
  db.state(`${id}-client`, 'failed', { reason: 'not mine' });
  db.state('no such tap', 'complete');
  db.state(`${id}-server`, 'no such state');
  await web.ship(batch(`${id}-client`, 1, segments(1), coverage(1)));
  expect(await harness.state(id)).toMatchObject({
    state: 'recording',
    taps: [{ state: 'recording' }, { state: 'recording' }],
  });
});

test('strangers who are refused all day fill neither the disk nor the log', async () => {
  const client = new Client(
    harness.handle.address,
    credentials.createSsl(Buffer.from(harness.context.caPem)),
    CLIENT_OPTIONS,
  );
  const same = (bytes: Buffer) => bytes;
  for (let i = 0; i < 200; i++) {
    await call((done) =>
      client.makeUnaryRequest(BothendsService.listAgents.path, same, same, Buffer.alloc(0), (error) =>
        done(error?.code === status.UNAUTHENTICATED ? null : new Error('let in'), undefined),
      ),
    );
  }
  client.close();
  expect(await isServing()).toBe(true);
  await harness.handle.close();
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(`${harness.dataDir}/bothends.db`, { readonly: true });
  const refused = database.prepare("SELECT count(*) FROM audit WHERE outcome = 'refused'").pluck().get();
  database.close();
  expect(refused).toBeGreaterThan(0);
  // Sixty a minute; a slow run spans three minutes at most.
  expect(refused).toBeLessThanOrEqual(180);
});
