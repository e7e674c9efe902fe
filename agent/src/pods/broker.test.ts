import { expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../policy/policy.js';
import { PodBroker } from './broker.js';
import { BrokerClient } from './client.js';
import { PodsOfNode } from './node.js';
import { NodeFiles } from './node-files.js';
import type { Channel } from './protocol.js';
import { requestOf } from './requests.js';

const POD = { namespace: 'shop', name: 'web-7f9', uid: 'u-1' };
const WISH = { interface: 'any', filter: '', snaplen: 192, bufferBytes: 1 << 20 };

/** Two ends that are one process; messages are copied as between two. */
function channels(): { broker: Channel; agent: Channel; close: () => void } {
  const takers = { broker: (_: unknown) => {}, agent: (_: unknown) => {} };
  const gone: (() => void)[] = [];
  const end = (own: 'broker' | 'agent', other: 'broker' | 'agent'): Channel => ({
    send: (message) => queueMicrotask(() => takers[other](structuredClone(message))),
    onMessage: (take) => {
      takers[own] = take;
    },
    onClose: (handler) => gone.push(handler),
  });
  return {
    broker: end('broker', 'agent'),
    agent: end('agent', 'broker'),
    close: () => {
      for (const handler of gone) handler();
    },
  };
}

/** An agent and its broker on a node that has nothing. */
function empty(policy: Partial<Policy> = {}) {
  const { broker, agent, close } = channels();
  new PodBroker({ files: new NodeFiles('/nonexistent'), account: null, agentPid: process.pid }, broker);
  const client = new BrokerClient(agent);
  return { client, close, node: new PodsOfNode('node-1', () => ({ ...DEFAULT_POLICY, ...policy }), client) };
}

it.each<[string, unknown]>([
  ['no object', 'pods'],
  ['no number', { request: { ask: 'pods' } }],
  ['an unknown question', { number: 1, request: { ask: 'shell', command: 'id' } }],
  ['a path for a pod', { number: 1, request: { ask: 'network', pod: { ...POD, name: '../1/ns/net' } } }],
  ['another signal', { number: 1, request: { ask: 'signal', capture: 1, signal: 'SIGSTOP' } }],
  [
    'a name to be looked up',
    { number: 1, request: { ask: 'datagram', pod: POD, address: 'evil', port: 9, payload: '00' } },
  ],
  [
    'an option for a payload',
    { number: 1, request: { ask: 'datagram', pod: POD, address: '::1', port: 9, payload: '-e' } },
  ],
  [
    'a negative descriptor',
    { number: 1, request: { ask: 'capture', pod: POD, capture: 1, wish: WISH, output: -1 } },
  ],
])('the broker does nothing for %s', (_, message) => expect(requestOf(message)).toBeNull());

it('the broker enters no pod that it does not find itself', async () => {
  const { client } = empty();
  await expect(client.network(POD)).rejects.toThrow('pod/shop/web-7f9 has ended');
  const options = { ...WISH, digestKey: null };
  await expect(client.launcher(POD)(options, 1)).rejects.toThrow('has ended');
});

it('who waits for a broker that is gone is told so', async () => {
  const { client, close } = empty();
  const waiting = client.network(POD);
  close();
  await expect(waiting).rejects.toThrow('the pod broker of this agent is gone');
  await expect(client.pods()).rejects.toThrow('gone');
});

it('a node where nothing knows of pods says what was looked at', async () => {
  const { node } = empty({ pods: ['*/*'] });
  const { reason, code } = await node.find({ searchId: 's', pod: { namespace: '', name: 'web', uid: '' } });
  expect(code).toBe('failed-precondition');
  expect(reason).toContain('/run/containerd/containerd.sock');
  expect(reason).toContain('/run/containers/storage');
});

it('the owner is asked first: by default nothing is said of pods', async () => {
  const { node } = empty();
  const { reason, code, seen } = await node.find({
    searchId: 's',
    pod: { namespace: 'shop', name: 'web', uid: '' },
  });
  expect({ code, seen }).toEqual({ code: 'permission-denied', seen: 0 });
  expect(reason).toBe('policy of node-1 refuses pod/shop/web (pods: none): ask its owner');
});
