import { BothendsError } from '@bothends/proto';

/** An interface's address with its prefix length, as in `10.77.1.1/24`. */
export interface InterfaceAddress {
  family: 4 | 6;
  /** `10.77.1.1` */
  address: string;
  /** The network it is in, `10.77.1.0/24`. */
  network: string;
}

/** Reads `ADDRESS/LENGTH`. Throws `invalid-argument` for anything else. */
export function parseInterfaceAddress(text: string): InterfaceAddress {
  const [address = '', lengthText = ''] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const bits = family === 6 ? 128 : 32;
  const length = Number(lengthText);
  if (lengthText === '' || !Number.isInteger(length) || length < 0 || length > bits) {
    throw new BothendsError(
      'invalid-argument',
      `lab: "${text}" is no interface address: write ADDRESS/LENGTH`,
    );
  }
  const value = family === 6 ? ipv6Value(address) : ipv4Value(address);
  const host = (1n << BigInt(bits - length)) - 1n;
  const network = value & ~host;
  return { family, address, network: `${family === 6 ? ipv6Text(network) : ipv4Text(network)}/${length}` };
}

function ipv4Value(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function ipv6Value(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((value, part) => (value << 16n) | BigInt(`0x${part}`), 0n);
}

/** Not the shortest form, but one that ip(8) reads. */
function ipv6Text(value: bigint): string {
  return Array.from({ length: 8 }, (_, i) => ((value >> BigInt(16 * (7 - i))) & 0xffffn).toString(16)).join(
    ':',
  );
}
