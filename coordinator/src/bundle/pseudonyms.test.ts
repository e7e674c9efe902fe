import { PacketTable, parseAddress } from '@bothends/proto';
import { describe, expect, test } from 'vitest';
import { batch, coverage, segments } from '../testing/packets.js';
import { pseudonymBatch, pseudonymText } from './pseudonymise.js';
import { Pseudonyms } from './pseudonyms.js';

/** Key and addresses of the sample that comes with the authors' own implementation of Crypto-PAn. */
const SAMPLE_KEY = Uint8Array.of(
  ...[21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16],
  ...[216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2],
);

const pseudonyms = new Pseudonyms(SAMPLE_KEY);

test.each([
  ['128.11.68.132', '135.242.180.132'],
  ['129.118.74.4', '134.136.186.123'],
  ['130.132.252.244', '133.68.164.234'],
  ['141.223.7.43', '141.167.8.160'],
])('IPv4 as the authors of the method map it: %s', (address, expected) => {
  expect(pseudonyms.address(address)).toBe(expected);
});

test('names in clear go with the addresses that they stand for', () => {
  const names = { names: [{ digestHigh: 1, digestLow: 2, text: 'db.example' }] };
  const named = { ...batch('t', 1, segments(3), coverage(3)), names };
  expect(pseudonymBatch(named, pseudonyms)).not.toHaveProperty('names');
});

function bitsOf(text: string | null): string {
  const words = parseAddress(text ?? '');
  return [...(words ?? [])].map((word) => word.toString(2).padStart(32, '0')).join('');
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

describe('prefixes', () => {
  test.each([
    ['10.1.2.3', '10.1.2.4'],
    ['10.1.2.3', '10.200.2.3'],
    ['192.0.2.1', '10.0.0.1'],
    ['2001:db8::1', '2001:db8::2'],
    ['2001:db8:1::1', '2001:db8:2::1'],
    ['fe80::1', '2001:db8::1'],
  ])('%s and %s have as much in common as before', (a, b) => {
    const [x, y] = [pseudonyms.address(a), pseudonyms.address(b)];
    expect(x).not.toBe(a);
    expect(commonPrefix(bitsOf(x), bitsOf(y))).toBe(commonPrefix(bitsOf(a), bitsOf(b)));
  });

  test('of many pairs of addresses', () => {
    // Addresses far apart and near each other, always the same ones (Weyl sequence).
    const address = (n: number) =>
      [24, 16, 8, 0].map((shift) => (Math.imul(n, 0x9e3779b1) >>> shift) & 255).join('.');
    for (let n = 1; n < 500; n++) {
      const a = address(n);
      const b = n % 2 === 0 ? address(n * 7) : a.replace(/\d+$/, `${(n * 3) % 256}`);
      const [x, y] = [pseudonyms.address(a), pseudonyms.address(b)];
      expect(commonPrefix(bitsOf(x), bitsOf(y)), `${a} ${b}`).toBe(commonPrefix(bitsOf(a), bitsOf(b)));
    }
  });
});

test('another key gives other pseudonyms; the unspecified address stays', () => {
  const other = new Pseudonyms(new Uint8Array(32).fill(7));
  expect(other.address('10.1.2.3')).not.toBe(pseudonyms.address('10.1.2.3'));
  expect(pseudonyms.address('0.0.0.0')).toBe('0.0.0.0');
  expect(pseudonyms.address('::')).toBe('::');
  expect(pseudonyms.address('web-1')).toBeNull();
});

test('addresses of packets and of what ICMP errors quote are replaced alike', () => {
  const table = new PacketTable(1);
  table.length = 1;
  table.ipVersion[0] = 4;
  table.quotedProtocol[0] = 6;
  const address = parseAddress('128.11.68.132') ?? new Uint32Array(4);
  for (const column of [table.source, table.destination, table.quotedSource]) column.set(address);
  pseudonyms.table(table);
  const expected = [...(parseAddress('135.242.180.132') ?? [])];
  for (const column of [table.source, table.destination, table.quotedSource])
    expect([...column]).toEqual(expected);
  expect([...table.quotedDestination]).toEqual([0, 0, 0, 0]);
});

describe('text', () => {
  const mapped = (address: string) => pseudonyms.address(address) ?? '';
  test.each([
    ['host 128.11.68.132 and port 443', 'host 135.242.180.132 and port 443'],
    ['net 128.11.0.0/16', `net ${mapped('128.11.0.0')}/16`],
    ['net 128.11', 'net 135.242'],
    ['net 10 and tcp', `net ${mapped('10.0.0.0').split('.')[0]} and tcp`],
    ['ip6 host 2001:db8::1', `ip6 host ${mapped('2001:db8::1')}`],
    ['tcp[13] & 4 != 0 and portrange 1-1024', 'tcp[13] & 4 != 0 and portrange 1-1024'],
    ['ether host 02:00:00:00:00:01', 'ether host 02:00:00:00:00:01'],
    ['client_128.11.68.132.pcap', 'client_135.242.180.132.pcap'],
    ['::ffff:128.11.68.132', '::ffff:135.242.180.132'],
  ])('%s', (text, expected) => {
    expect(pseudonymText(text, pseudonyms)).toBe(expected);
  });
});
