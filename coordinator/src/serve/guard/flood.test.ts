import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { AgentLinkService } from '@bothends/proto/gen/bothends/v1/agent';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, Harness } from '../../testing/harness.js';
import type { Credentials } from '../../trust/ca.js';

/** A peer that means harm, and knows HTTP/2; while it acts and after it the coordinator serves everybody else. */
let harness: Harness;
let own: Credentials;
beforeAll(async () => {
  harness = await Harness.start();
  own = await harness.join('evil');
});
afterAll(async () => {
  await harness.stop();
});

/** Reasons in the audit log with which an actor was refused; the empty one is a stranger. */
async function refusalsOf(actor: string): Promise<string> {
  const details: string[] = [];
  for await (const { entries } of harness.user.readAudit({ after: 0n })) {
    for (const entry of entries)
      if (entry.actor === actor && entry.outcome === 'refused') details.push(entry.detail);
  }
  return details.join('\n');
}

/** Waits for an entry: it is on disk a moment after the peer felt the refusal. */
async function expectRefused(actor: string, reason: RegExp): Promise<void> {
  await expect.poll(() => refusalsOf(actor), { timeout: 20_000 }).toMatch(reason);
}

async function expectServing(): Promise<void> {
  const { agents } = await call<{ agents: unknown[] }>((done) => harness.user.listAgents({}, done));
  expect(Array.isArray(agents)).toBe(true);
}

/** A bare HTTP/2 connection with an agent's certificate. */
async function session(credentials: Credentials = own): Promise<ClientHttp2Session> {
  const opened = connectHttp2(`https://127.0.0.1:${harness.handle.port}`, {
    ca: harness.context.caPem,
    cert: credentials.certificatePem,
    key: credentials.keyPem,
    servername: 'bothends-coordinator',
  });
  opened.on('error', () => {});
  await once(opened, 'connect');
  return opened;
}

function headersOf(path: string, more: Record<string, string> = {}) {
  const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  return { ...head, ...more };
}

/** A gRPC message as it is framed: a flag, four bytes of length, the message. */
function framed(message: Buffer, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Sends one message and resolves with the gRPC status that comes back. */
async function statusOf(path: string, body: Buffer, more: Record<string, string> = {}): Promise<number> {
  const opened = await session();
  const stream = opened.request(headersOf(path, more));
  stream.on('error', () => {});
  const answer = new Promise<number>((resolve) => {
    stream.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    });
    stream.on('trailers', (headers) => resolve(Number(headers['grpc-status'])));
    stream.on('close', () => resolve(status.CANCELLED));
  });
  stream.resume();
  stream.end(body);
  const code = await answer;
  opened.destroy();
  return code;
}

test('a compressed bomb is cut off at the size of a message, not unpacked', async () => {
  // 200 MB of zeros in 200 kB.
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
  const code = await statusOf(AgentLinkService.ship.path, framed(bomb, true), { 'grpc-encoding': 'gzip' });
  expect(code).toBe(status.RESOURCE_EXHAUSTED);
  await expectServing();
  await expectRefused('evil', /decompresses to a size larger than 4194304/);
});

test('a message that is nested a hundred thousand deep, or claims gigabytes, ends its own stream', async () => {
  // Groups in groups of an unknown field, and a length that nothing follows.
  const nested = Buffer.alloc(100_000, 0x7b);
  const huge = Buffer.from('0affffffff07', 'hex');
  for (const message of [nested, huge]) {
    for (const { path } of [AgentLinkService.ship, AgentLinkService.control]) {
      expect(await statusOf(path, framed(message))).not.toBe(status.OK);
    }
  }
  // A frame that says 4 GB and brings nothing.
  expect(await statusOf(AgentLinkService.ship.path, Buffer.from('00ffffffff', 'hex'))).not.toBe(status.OK);
  await expectServing();
  await expectRefused('evil', /Error deserializing request/);
  await expectRefused('evil', /message larger than max/);
});

test('who opens and resets streams as fast as it can is disconnected, and named', async () => {
  const opened = await session(await harness.createUser('rapid', 'viewer'));
  const closed = new Promise((resolve) => opened.on('close', resolve));
  let sent = 0;
  while (!opened.closed && !opened.destroyed && sent < 20_000) {
    const stream = opened.request(headersOf(BothendsService.listAgents.path));
    stream.on('error', () => {});
    stream.close(8);
    // A pause now and then, so that resets go out and the answer comes in.
    if (++sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // By the coordinator: nothing here closes it.
  await closed;
  await expectServing();
  await expectRefused('rapid', /opens and resets calls as fast as it can/);
});

test('bytes that are no TLS, and TLS without HTTP/2, are turned away by name of their address', async () => {
  const { port } = harness.handle;
  const noise = connectTcp(port, '127.0.0.1', () => noise.write('GET / HTTP/1.1\r\n\r\n'));
  const old = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: [] });
  for (const socket of [noise, old]) socket.on('error', () => {}).resume();
  await Promise.all([once(noise, 'close'), once(old, 'close')]);
  await expectRefused('', /no TLS came about: /);
  await expectRefused('', /it speaks TLS, and no HTTP\/2/);
  await expectServing();
});

test('a reader that reads nothing holds nobody up', async () => {
  const [web, db] = [await harness.online('web'), await harness.online('db')];
  const captureId = await harness.record(web, db);
  const slow = await Promise.all(Array.from({ length: 20 }, () => session({ ...adminPair() })));
  for (const opened of slow) {
    for (let i = 0; i < 50; i++) {
      const stream = opened.request(headersOf(BothendsService.watchCapture.path));
      stream.on('error', () => {});
      stream.pause();
      // WatchCaptureRequest { capture_id }
      const id = Buffer.from(captureId);
      stream.end(framed(Buffer.concat([Buffer.from([0x0a, id.length]), id])));
    }
  }
  for (let i = 0; i < 20; i++) await expectServing();
  expect((await harness.state(captureId)).state).toBe('recording');
  for (const opened of slow) opened.destroy();
});

test('half-open connections by the hundred leave room for everybody else, up to a limit for each address', async () => {
  const sockets: Socket[] = [];
  for (let i = 0; i < 1200; i++) {
    const socket = connectTcp(harness.handle.port, '127.0.0.1');
    socket.on('error', () => {});
    // Or the end of a connection would never be read.
    socket.resume();
    sockets.push(socket);
  }
  await Promise.race(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  await expectServing();
  for (const socket of sockets) socket.destroy();
  // Room again, for a connection that is new.
  const again = await session();
  again.destroy();
});

test('who is refused all day is in the audit log by name, and fills no disk', async () => {
  const opened = await session();
  const codes = new Map<string, number>();
  let left = 1000;
  await new Promise<void>((resolve) => {
    const next = () => {
      if (left-- <= 0) return resolve();
      const stream = opened.request(headersOf(BothendsService.listAgents.path));
      stream.on('error', () => {});
      stream.on('response', (headers) => {
        const code = String(headers['grpc-status']);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      });
      stream.on('close', next);
      stream.resume();
      stream.end();
    };
    for (let i = 0; i < 50; i++) next();
  });
  opened.destroy();
  expect(codes.get(String(status.PERMISSION_DENIED))).toBeGreaterThan(900);
  await expectServing();
  const details: string[] = [];
  for await (const { entries } of harness.user.readAudit({ after: 0n })) {
    for (const { actor, detail } of entries) if (actor === 'evil') details.push(detail);
  }
  expect(details.join('\n')).toContain('may not call ListAgents');
  // Sixty a minute are written down, and a line that counts the rest; a slow run spans three minutes at most.
  expect(details.length).toBeLessThanOrEqual(3 * 61);
});

function adminPair(): Credentials {
  const { certificatePem, keyPem } = harness.context;
  return { certificatePem, keyPem };
}
