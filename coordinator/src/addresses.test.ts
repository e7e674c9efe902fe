import { expect, test } from 'vitest';
import { hostAddresses, isWildcard, joinHostPort, splitHostPort } from './addresses.js';

test.each([
  ['ops-1:7443', 'ops-1', 7443],
  ['10.0.0.1:0', '10.0.0.1', 0],
  ['ops-1', 'ops-1', null],
  ['[2001:db8::1]:7443', '2001:db8::1', 7443],
  ['[::]', '::', null],
  ['2001:db8::1', '2001:db8::1', null],
  [':7443', '', 7443],
])('%s is host %s and port %s', (text, host, port) => {
  expect(splitHostPort(text)).toEqual({ host, port });
});

test('an IPv6 address is bracketed before a port', () => {
  expect(joinHostPort({ host: '2001:db8::1', port: 7443 })).toBe('[2001:db8::1]:7443');
  expect(joinHostPort({ host: 'ops-1', port: 7443 })).toBe('ops-1:7443');
});

test('all addresses of the machine are wildcards to none of which an agent can connect', () => {
  for (const host of ['', '0.0.0.0', '::']) expect(isWildcard(host)).toBe(true);
  expect(isWildcard('127.0.0.1')).toBe(false);
});

test('the addresses of this host include loopback and no link-local one', () => {
  const addresses = hostAddresses();
  expect(addresses).toContain('127.0.0.1');
  expect(addresses.filter((address) => address.startsWith('fe80'))).toEqual([]);
});
