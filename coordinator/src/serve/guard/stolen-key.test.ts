import { X509Certificate } from 'node:crypto';
import { AgentLinkClient } from '@bothends/proto/gen/bothends/v1/agent';
import { BothendsClient } from '@bothends/proto/gen/bothends/v1/bothends';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_OPTIONS, certificateRequest, clientCredentials } from '../../testing/fake-agent.js';
import { call, Harness } from '../../testing/harness.js';
import { batch, coverage, segments } from '../../testing/packets.js';
import type { Credentials } from '../../trust/ca.js';

/** Somebody has copied the identity of the agent `web`: that host's voice, and no more. */
let harness: Harness;
let stolen: Credentials;
let captureId: string;
beforeAll(async () => {
  harness = await Harness.start();
  stolen = await harness.join('web');
  const web = await harness.agent('web', stolen);
  web.hello();
  await web.next('welcome');
  captureId = await harness.record(web, await harness.online('db'));
});
afterAll(async () => {
  await harness.stop();
});

function thief(own: Credentials): BothendsClient {
  return new BothendsClient(
    harness.handle.address,
    clientCredentials(harness.context.caPem, own),
    CLIENT_OPTIONS,
  );
}

test('it reads nothing, not its own evidence either, and starts nothing', async () => {
  const client = thief(stolen);
  const codes = await Promise.all([
    refusal((done) => client.getReport({ captureId }, done)),
    refusal((done) => client.listCaptures({}, done)),
    refusal((done) => client.listAgents({}, done)),
    refusal((done) => client.stopCapture({ captureId }, done)),
    refusal((done) => client.createLoginLink({ role: 'viewer', path: '' }, done)),
    refusal((done) => client.createJoinToken({ name: 'web', validMs: 0n }, done)),
    refusal((done) => client.approveCapture({ captureId }, done)),
  ]);
  client.close();
  expect(new Set(codes)).toEqual(new Set([status.PERMISSION_DENIED]));
});

test('it speaks for no other host, whatever it calls itself', async () => {
  const copy = await harness.agent('web', stolen);
  await expect(copy.ship(batch(`${captureId}-server`, 1, segments(3), coverage(3)))).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
  });
  copy.hello({ hostname: 'db', bootId: 'another boot' });
  // The host that was robbed is alive: the copy stays out, and the log says so.
  expect((await copy.ended)?.details).toContain('an agent called web is connected already');
  expect(await harness.state(captureId)).toMatchObject({ state: 'recording' });
});

test('a new certificate for it is for the same name', async () => {
  const { csr, keyPem } = await certificateRequest('db');
  const tls = clientCredentials(harness.context.caPem, stolen);
  const client = new AgentLinkClient(harness.handle.address, tls, CLIENT_OPTIONS);
  const { certificatePem } = await call<{ certificatePem: string }>((done) =>
    client.renewAgent({ csr, takesAuthorities: true }, done),
  );
  client.close();
  expect(new X509Certificate(certificatePem).subjectAltName).toContain('bothends:agent:web');
  stolen = { certificatePem, keyPem };
});

test('it ends with a revocation, and the host comes back with a new key', async () => {
  await call((done) => harness.user.revokeAgent({ name: 'web' }, done));
  const copy = await harness.agent('web', stolen);
  copy.hello();
  expect((await copy.ended)?.details).toContain('revoked by an administrator');
  await harness.online('web');
});

async function refusal(invoke: (done: (error: { code: number } | null) => void) => unknown): Promise<number> {
  return await new Promise((resolve) => invoke((error) => resolve(error?.code ?? status.OK)));
}
