import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AuditEntry, BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, Harness } from '../../testing/harness.js';
import { MAX_STREAMS } from '../server.js';
import { OpenCalls } from './open-calls.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness.stop();
});

async function refusals(): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  const pages = harness.user.readAudit({ after: 0n }) as AsyncIterable<{ entries: AuditEntry[] }>;
  for await (const { entries } of pages)
    found.push(...entries.filter(({ outcome }) => outcome === 'refused'));
  return found;
}

test('who fills its connection with calls is named, and has room again when they end', async () => {
  const captureId = await harness.record(await harness.online('web'), await harness.online('db'));
  const own = await harness.createUser('greedy', 'viewer');
  const session = connect(`https://127.0.0.1:${harness.handle.port}`, {
    ...{ ca: harness.context.caPem, cert: own.certificatePem, key: own.keyPem },
    servername: 'bothends-coordinator',
  });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(MAX_STREAMS);
  const request = Buffer.concat([
    Buffer.from([0, 0, 0, 0, captureId.length + 2, 0x0a, captureId.length]),
    Buffer.from(captureId),
  ]);
  const watch = () => {
    const headers = { ':method': 'POST', ':path': BothendsService.watchCapture.path };
    const stream = session.request({ ...headers, 'content-type': 'application/grpc', te: 'trailers' });
    stream.on('error', () => {}).resume();
    stream.end(request);
    return stream;
  };
  const open = Array.from({ length: MAX_STREAMS }, watch);
  await Promise.all(open.map((stream) => once(stream, 'response')));
  await expect
    .poll(refusals)
    .toContainEqual(
      expect.objectContaining({ actor: 'greedy', detail: expect.stringContaining('as many calls open') }),
    );
  // The others are served, and it is, too, on another connection or after the end of some.
  await call((done) => harness.user.listAgents({}, done));
  for (const stream of open) stream.close();
  await Promise.all(open.map((stream) => stream.closed || once(stream, 'close')));
  await once(watch(), 'response');
  session.destroy();
});

test('calls are counted on each connection for itself, and told once when the last one finds room', () => {
  const calls = new OpenCalls(3);
  expect([calls.begin('a'), calls.begin('a'), calls.begin('b'), calls.begin('a')]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  calls.end('a');
  expect(calls.begin('a')).toBe(true);
  for (let i = 0; i < 3; i++) calls.end('a');
  expect([calls.begin('a'), calls.begin('b'), calls.begin('b')]).toEqual([false, false, true]);
});
