import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentLinkClient } from '@bothends/proto/gen/bothends/v1/agent';
import type { GetAuthoritiesResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { BothendsClient } from '@bothends/proto/gen/bothends/v1/bothends';
import { AUTHORITIES_KEY, authoritiesDigest } from '@bothends/proto/trust/authorities';
import { type Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLIENT_OPTIONS, certificateRequest, clientCredentials } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';
import { Ca, type Credentials } from './ca.js';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness.stop();
});

const rotate = () => call((done) => harness.user.rotateAuthority({}, done));
const retire = (force: boolean) =>
  call<{ leftBehind: { name: string }[] }>((done) => harness.user.retireAuthority({ force }, done));

async function dependents(): Promise<string[]> {
  const standing = await call<GetAuthoritiesResponse>((done) => harness.user.getAuthorities({}, done));
  return standing.dependents.map(({ kind, name }) => `${kind} ${name}`);
}

/** Renews as an agent does, which takes the authorities along, or one of an older version, which does not. */
async function renew(own: Credentials, takesAuthorities: boolean): Promise<Credentials & { caPem: string }> {
  const { csr, keyPem } = await certificateRequest('whoever');
  const tls = clientCredentials(harness.context.caPem, own);
  const client = new AgentLinkClient(harness.handle.address, tls, CLIENT_OPTIONS);
  try {
    const answer = await call<{ certificatePem: string; caPem: string }>((done) =>
      client.renewAgent({ csr, takesAuthorities }, done),
    );
    return { ...answer, keyPem };
  } finally {
    client.close();
  }
}

/** Moves the administrator, whom the harness is. */
async function moveAdmin(): Promise<void> {
  const { csr, keyPem } = await certificateRequest('admin');
  const answer = await call<{ certificatePem: string; caPem: string }>((done) =>
    harness.user.renewUser({ csr, takesAuthorities: true }, done),
  );
  harness.user.close();
  const tls = clientCredentials(answer.caPem, { ...answer, keyPem });
  harness.user = new BothendsClient(harness.handle.address, tls, CLIENT_OPTIONS);
  await call((done) => harness.user.listAgents({}, done));
}

test('every answer names the authorities, and agents hear of a new one at once', async () => {
  const agent = await harness.online('web');
  await rotate();
  const { authorities } = await agent.next('welcome');
  const named = await new Promise<Metadata>((resolve) => {
    harness.user.listAgents({}, () => {}).on('metadata', resolve);
  });
  expect(named.get(AUTHORITIES_KEY)).toEqual([authorities]);
  const { caPem } = await renew(await harness.join('db'), true);
  expect(authoritiesDigest(caPem)).toBe(authorities);
});

test('an agent of an older version renews, from the authority that it trusts, and is named as who depends on it', async () => {
  const own = await harness.join('old');
  await rotate();
  const again = await renew(own, false);
  const agent = await harness.agent('old', again);
  agent.hello();
  await agent.next('welcome');
  await moveAdmin();
  expect(await dependents()).toEqual(['agent old']);
  await expect(retire(false)).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: expect.stringMatching(/connected.*: old\).*--force/),
  });
  expect((await retire(true)).leftBehind.map(({ name }) => name)).toEqual(['old']);
  // Its connection was open: it is cut, and told why.
  expect((await agent.ended)?.details).toContain('which was retired: an agent joins again');
});

test('who holds the key of a retired authority is nobody, on open connections too', async () => {
  const file = async (name: string) => await readFile(join(harness.dataDir, 'ca', name), 'utf8');
  const stolen = await Ca.read({ certificatePem: await file('ca.crt'), keyPem: await file('ca.key') });
  const forged = await stolen.clientCredentials('admin', 'admin', Date.now());
  const left = clientOf(harness.context.caPem, await harness.createUser('vera', 'viewer'));
  expect(await statusOf(left)).toBe(status.OK);
  await rotate();
  await moveAdmin();
  await retire(true);
  expect(await statusOf(left)).toBe(status.UNAUTHENTICATED);
  expect(await statusOf(clientOf(await file('ca.crt'), forged))).toBe(status.UNAUTHENTICATED);
  // Restarted, it knows nothing of the one before.
  await harness.restart();
  expect(await statusOf(clientOf(await file('ca.crt'), forged))).toBe(status.UNAUTHENTICATED);
  const standing = await call<GetAuthoritiesResponse>((done) => harness.user.getAuthorities({}, done));
  expect(standing.outgoing).toBeUndefined();
});

function clientOf(caPem: string, own: Credentials): BothendsClient {
  return new BothendsClient(harness.handle.address, clientCredentials(caPem, own), CLIENT_OPTIONS);
}

/** Status of a call that a viewer may make. */
async function statusOf(client: BothendsClient): Promise<number> {
  return await new Promise((resolve) =>
    client.listCaptures({}, (error) => resolve(error?.code ?? status.OK)),
  );
}
