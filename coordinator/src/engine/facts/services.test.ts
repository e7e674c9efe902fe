import { expect, it } from 'vitest';
import { Services, serviceOf } from './services.js';

it('a pair of hosts has one number, and another one the other way round', () => {
  const services = new Services();
  const pair = services.pair('192.0.2.1', '192.0.2.2');
  expect(services.pair('192.0.2.2', '192.0.2.1')).not.toBe(pair);
  expect(services.pair('192.0.2.1', '192.0.2.3')).not.toBe(pair);
  expect(services.pair('192.0.2.1', '192.0.2.2')).toBe(pair);
});

it('a service has one end, whose number no other service has', () => {
  const services = new Services();
  const pairs = ['192.0.2.1', '192.0.2.9'].map((client) => services.pair(client, '192.0.2.2'));
  const numbers = pairs.flatMap((pair) => [0, 443, 65_535].map((port) => serviceOf(pair, port)));
  expect(new Set(numbers).size).toBe(numbers.length);
  const [pair = 0] = pairs;
  const end = services.serverOf(pair, '192.0.2.2', 443);
  expect(end).toEqual({ address: '192.0.2.2', port: 443 });
  expect(services.serverOf(pair, '192.0.2.2', 443)).toBe(end);
  expect(services.serverOf(pair, '192.0.2.2', 80)).toEqual({ address: '192.0.2.2', port: 80 });
});
