import { describe, expect, test } from 'vitest';
import { joinFilter } from './filter.js';
import { caHash, coordinatorAddress } from './join.js';
import { duration, interfaceName, snaplen } from './values.js';

describe('filter', () => {
  test('words after the options are the filter, quoted or not', () => {
    expect(joinFilter(['tcp', 'and', 'host', '10.0.0.1'], null)).toBe('tcp and host 10.0.0.1');
    expect(joinFilter(['tcp and host 10.0.0.1'], null)).toBe('tcp and host 10.0.0.1');
    expect(joinFilter([], null)).toBe('');
  });

  test('--port narrows it, whatever operators it holds', () => {
    expect(joinFilter([], 443)).toBe('port 443');
    expect(joinFilter(['host a or host b'], 443)).toBe('(port 443) and (host a or host b)');
  });

  test('one that begins with - is refused, a minus within is arithmetic', () => {
    expect(() => joinFilter(['-i', 'eth0'], null)).toThrow("begins with '-'");
    expect(joinFilter(['ip[2:2]', '-', '20', '>', '5'], null)).toBe('ip[2:2] - 20 > 5');
  });

  test('one that is too long is refused with its length', () => {
    expect(() => joinFilter(['x'.repeat(5000)], null)).toThrow('5000 characters');
  });
});

test.each([
  ['ops-1', 'ops-1:7443'],
  ['10.0.0.1:9000', '10.0.0.1:9000'],
  ['[fd00::1]:7443', '[fd00::1]:7443'],
  ['[fd00::1]', '[fd00::1]:7443'],
])('coordinator %s is %s', (text, address) => {
  expect(coordinatorAddress(text)).toBe(address);
});

test.each(['', '-x', 'a b', 'fd00::1', 'host:0', 'host:70000', 'host:'])(
  'coordinator "%s" is refused',
  (text) => {
    expect(() => coordinatorAddress(text)).toThrow('HOST:PORT');
  },
);

test('a CA hash is taken whole or not at all', () => {
  expect(caHash(`sha256:${'AB'.repeat(32)}`)).toBe(`sha256:${'ab'.repeat(32)}`);
  expect(() => caHash('sha256:abcd')).toThrow('64 hexadecimal digits');
});

test('durations, snaplens and interfaces have limits', () => {
  expect(duration('1.5s')).toBe(1500);
  expect(() => duration('0s')).toThrow('at least 1ms');
  expect(snaplen('192')).toBe(192);
  expect(() => snaplen('63')).toThrow('64 to 65535');
  expect(interfaceName('eth0.100')).toBe('eth0.100');
  for (const bad of ['-i', 'a/b', 'waytoolonginterface', 'a b', ''])
    expect(() => interfaceName(bad)).toThrow();
});
