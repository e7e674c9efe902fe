import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalAnalyst } from './analysis/local-analyst.js';
import { startCoordinator } from './coordinator.js';
import { certificateRequest } from './testing/fake-agent.js';
import { fakeAnalyst } from './testing/fake-engine.js';
import { call, Harness, userClient } from './testing/harness.js';
import { batch, coverage, segments } from './testing/packets.js';
import { systemClock } from './time.js';
import { type Context, readContext } from './trust/context.js';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness.stop();
});

test('a capture goes from request to report', async () => {
  const web = await harness.online('web');
  const db = await harness.online('db');
  const id = await harness.startCapture();

  const [armWeb, armDb] = [await web.next('arm'), await db.next('arm')];
  expect(armWeb.filter).toBe('port 443');
  expect(armWeb.digestKey).toHaveLength(16);
  expect(armDb.digestKey.equals(armWeb.digestKey)).toBe(true);
  expect(armDb.peerAddresses).not.toContain('127.0.0.1');

  web.state(armWeb.tapId, 'armed');
  db.state(armDb.tapId, 'armed');
  await web.next('start');
  await db.next('start');
  web.state(armWeb.tapId, 'recording');
  db.state(armDb.tapId, 'recording');
  await harness.until(id, 'recording');

  await web.ship(batch(armWeb.tapId, 1, segments(10), coverage(10)));
  await harness.watchUntil(id, ({ capture }) => capture.headline === '10 packets, 0 resets');

  harness.user.stopCapture({ captureId: id }, () => {});
  expect((await web.next('stop')).leadOutMs).toBe(1500);
  expect((await db.next('stop')).discard).toBe(false);
  await web.ship(batch(armWeb.tapId, 2, segments(5), coverage(15, { closed: true })));
  await db.ship(batch(armDb.tapId, 1, segments(7, { reset: true }), coverage(7, { closed: true })));
  web.state(armWeb.tapId, 'complete');
  db.state(armDb.tapId, 'complete');

  const { headline } = (await harness.watchUntil(id, ({ capture }) => capture.headline.startsWith('22')))
    .capture;
  const report = await harness.report(id);
  expect(report.headline).toBe('22 packets, 1 resets');
  expect(headline).toBe(report.headline);
  expect(report.taps.map((tap: { packets: number }) => tap.packets)).toEqual([15, 7]);
});

const quiet = { logger: pino({ level: 'silent' }), analyst: idleAnalyst() };

function idleAnalyst(): LocalAnalyst {
  const create = () => {
    throw new Error('no capture runs in this test');
  };
  return new LocalAnalyst(create, create);
}

test('a port that is in use is named, and the data directory is free again', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  const dataDir = join(harness.dataDir, 'other');
  const start = async (grpcAddress: string) => await startCoordinator({ dataDir, grpcAddress }, quiet);
  await expect(start(`127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`127.0.0.1:${port} is in use`),
  });
  squatter.close();
  await (await start('127.0.0.1:0')).close();
});

test('a start that fails leaves no timer behind that would keep the process alive', async () => {
  await harness.record(await harness.online('web'), await harness.online('db'));
  await harness.handle.close();
  const pending = new Set<object>();
  const real = systemClock();
  const after = (ms: number, action: () => void) => {
    const timer = {};
    const cancel = real.after(ms, action);
    pending.add(timer);
    return () => {
      pending.delete(timer);
      cancel();
    };
  };
  const tools = { ...quiet, analyst: fakeAnalyst(), clock: { nowNs: real.nowNs, after } };
  const options = { dataDir: harness.dataDir, grpcAddress: '192.0.2.1:0' };
  await expect(startCoordinator(options, tools)).rejects.toThrow('is not an address of this host');
  expect(pending.size).toBe(0);
});

test('an address that is not of this host is named', async () => {
  const options = { dataDir: join(harness.dataDir, 'other'), grpcAddress: '192.0.2.1:0' };
  await expect(startCoordinator(options, quiet)).rejects.toThrow(
    '192.0.2.1:0 is not an address of this host',
  );
});

test('a second coordinator on the same directory is refused while the first runs', async () => {
  const options = { dataDir: harness.dataDir, grpcAddress: '127.0.0.1:0' };
  await expect(startCoordinator(options, quiet)).rejects.toThrow('another coordinator is running');
});

test('the context of the administrator is written for the owner alone, and one of another coordinator is left alone', async () => {
  const dataDir = join(harness.dataDir, 'other');
  const contextPath = join(harness.dataDir, 'cli', 'context.json');
  const start = async (directory: string) =>
    await startCoordinator({ dataDir: directory, grpcAddress: '127.0.0.1:0', contextPath }, quiet);
  const first = await start(dataDir);
  await first.close();
  const written = await readContext(contextPath);
  expect(written).toMatchObject({ name: 'admin', address: first.address });
  expect((await stat(contextPath)).mode & 0o777).toBe(0o600);
  const second = await start(join(harness.dataDir, 'third'));
  await second.close();
  expect(await readContext(contextPath)).toEqual(written);
});

test('a certificate that a command renewed is the one that is kept', async () => {
  const dataDir = join(harness.dataDir, 'renewing');
  const contextPath = join(harness.dataDir, 'renewing-cli', 'context.json');
  const start = async () =>
    await startCoordinator({ dataDir, grpcAddress: '127.0.0.1:0', contextPath }, quiet);
  const first = await start();
  const before = (await readContext(contextPath)) as Context;
  const client = userClient({ ...before, address: first.address });
  const { csr, keyPem } = await certificateRequest('admin');
  const { certificatePem } = await call<{ certificatePem: string }>((done) =>
    client.renewUser({ csr, takesAuthorities: true }, done),
  );
  client.close();
  await first.close();
  await writeFile(contextPath, JSON.stringify({ ...before, certificatePem, keyPem }));
  const second = await start();
  await second.close();
  // The copy of before would let nobody in, once the renewed one is used.
  for (const path of [contextPath, join(dataDir, 'context.json')])
    expect(await readContext(path)).toMatchObject({ certificatePem, keyPem, address: second.address });
});

test('the same CA and administrator serve after a restart', async () => {
  const { caHash } = harness.handle;
  const { certificatePem } = harness.context;
  await harness.restart();
  expect(harness.handle.caHash).toBe(caHash);
  expect(harness.context.certificatePem).toBe(certificatePem);
});
