import { expect, it } from 'vitest';
import { flowId, idNumber, idOf } from './flow-id.js';

const client = { address: '192.0.2.1', port: 40_000 };
const server = { address: '192.0.2.2', port: 443 };

it('an id is the same in every release, for people keep it in tickets', () => {
  expect(flowId('tcp', client, server)).toBe('f-q2t7wb');
});

it('depends on each part of the tuple', () => {
  const tuples = [
    flowId('tcp', client, server),
    flowId('udp', client, server),
    flowId('tcp', server, client),
    flowId('tcp', { ...client, port: 40_001 }, server),
    flowId('tcp', client, { ...server, address: '192.0.2.3' }),
  ];
  expect(new Set(tuples).size).toBe(tuples.length);
});

it('its number says all of it', () => {
  for (let port = 1; port < 1000; port++) {
    const end = { ...client, port };
    expect(idOf(idNumber('tcp', end, server))).toBe(flowId('tcp', end, server));
  }
  const [first, last] = [idOf(0), idOf(27 ** 6 - 1)];
  expect([first, last]).toEqual(['f-bbbbbb', 'f-999999']);
});
