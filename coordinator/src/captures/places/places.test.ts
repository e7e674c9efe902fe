import type { PodsFound } from '@bothends/proto/gen/bothends/v1/agent';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FakeAgent } from '../../testing/fake-agent.js';
import { Harness } from '../../testing/harness.js';

let harness: Harness;
let node: FakeAgent;
let other: FakeAgent;

beforeEach(async () => {
  harness = await Harness.start();
  [node, other] = [await online('node-1'), await online('node-2')];
  // Of the release before: it would never answer.
  await harness.online('old');
});
afterEach(async () => {
  await harness.stop();
});

async function online(name: string): Promise<FakeAgent> {
  const agent = await harness.agent(name);
  agent.hello({ knowsPods: true });
  await agent.next('welcome');
  return agent;
}

/** Answers the next question. */
async function answer(agent: FakeAgent, value: Partial<PodsFound>): Promise<void> {
  const { searchId } = await agent.next('findPod');
  const nothing = { searchId, pods: [], reason: '', code: '', near: [], seen: 0 };
  agent.send({ $case: 'podsFound', value: { ...nothing, ...value } });
}

const pod = (namespace: string, name: string, ...addresses: string[]) => ({
  pod: { namespace, name, uid: 'u-1' },
  addresses,
});

const start = () => harness.startCapture({ client: 'pod/web-7f9', server: 'node-2' });

test('a tap is armed on the node that has the pod, in the pod, and its peer knows the pod’s addresses', async () => {
  const started = start();
  await answer(node, { pods: [pod('shop', 'web-7f9', '10.9.0.5', '127.0.0.1', 'fe80::1')] });
  await answer(other, { seen: 3 });
  const id = await started;
  expect((await node.next('arm')).pod).toEqual({ namespace: 'shop', name: 'web-7f9', uid: 'u-1' });
  const arm = await other.next('arm');
  expect(arm.pod).toBeUndefined();
  expect(arm.peerAddresses).toEqual(['10.9.0.5']);
  const { capture } = await harness.until(id, 'arming').then((value) => ({ capture: value }));
  expect(capture.taps.map(({ agent }) => agent)).toEqual(['pod/shop/web-7f9', 'node-2']);
});

test('one that two nodes claim is nobody’s', async () => {
  const started = start();
  await answer(node, { pods: [pod('shop', 'web-7f9')] });
  await answer(other, { pods: [pod('shop', 'web-7f9')] });
  await expect(started).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining('pod/shop/web-7f9 on node-1 or pod/shop/web-7f9 on node-2'),
  });
});

test('an agent that answers with another pod has answered nothing', async () => {
  const started = start();
  await answer(node, { pods: [pod('shop', 'vault-0'), pod('shop', '../web-7f9')], seen: 2 });
  await answer(other, { reason: 'its agent cannot enter pods', code: 'failed-precondition' });
  await expect(started).rejects.toMatchObject({
    code: status.NOT_FOUND,
    details: expect.stringMatching(
      /no agent has pod\/web-7f9.*node-1: sees 2 pods; node-2: its agent cannot enter pods; old: of a version/,
    ),
  });
});
