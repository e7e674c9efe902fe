import type { Endpoint } from '@bothends/proto';

/** Letters of an id: no vowels and no look-alikes, so that ids neither spell words nor get misread. */
const LETTERS = 'bcdfghjkmnpqrstvwxz23456789';

/** Letters per id: 27^6 leaves about a dozen pairs alike among 100 000 flows, which then get a number. */
const LENGTH = 6;

/** A short id that depends on nothing but the flow's tuple as the client sees it. */
export function flowId(protocol: string, client: Endpoint, server: Endpoint): string {
  return idOf(idNumber(protocol, client, server));
}

/** The id as a number, which is quicker to hold against those of 100 000 other flows. */
export function idNumber(protocol: string, client: Endpoint, server: Endpoint): number {
  const text = `${protocol} ${client.address} ${client.port} ${server.address} ${server.port}`;
  // FNV-1a, twice with different starting points: 64 bits to draw letters from.
  let high = 0x811c9dc5;
  let low = 0xcbf29ce4;
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), 0x01000193) >>> 0;
    low = Math.imul(low ^ text.charCodeAt(i) ^ (high >>> 7), 0x01000193) >>> 0;
  }
  let id = 0;
  for (let i = 0; i < LENGTH; i++) {
    const word = i % 2 === 0 ? high : low;
    id = id * LETTERS.length + ((word >>> ((i >> 1) * 9)) % LETTERS.length);
  }
  return id;
}

/** The id of a number. */
export function idOf(number: number): string {
  let letters = '';
  for (let i = 0, rest = number; i < LENGTH; i++, rest = Math.floor(rest / LETTERS.length))
    letters = LETTERS.charAt(rest % LETTERS.length) + letters;
  return `f-${letters}`;
}
