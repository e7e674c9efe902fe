import { randomBytes } from 'node:crypto';
import { BothendsError, nearestNames } from '@bothends/proto';
import type { Capture } from './capture.js';

/** Crockford's alphabet: no i, l, o, u, so that an id survives being read out on the telephone. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 40 random bits: with 100 000 captures kept, a new id meets an old one once in ten million. */
const ID_LENGTH = 8;
const CAPTURE_ID = /^c-[0-9a-hjkmnp-tv-z]{8}$/;

/** A random id such as `c-7kq2m3pa`. */
export function newCaptureId(): string {
  return `c-${[...randomBytes(ID_LENGTH)].map((byte) => ALPHABET[byte & 31]).join('')}`;
}

/** A readable name that no capture has: `web-db`, then `web-db-2`. */
export function defaultName(client: string, server: string, captures: Iterable<Capture>): string {
  const taken = new Set([...captures].map((capture) => capture.name));
  // A pod by its own name: `web-7f9` of pod/shop/web-7f9.
  const base = [client, server].map((place) => place.split('/').pop()).join('-');
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
  return name;
}

/**
 * Checks a name that a user chose.
 * @throws BothendsError `invalid-argument` or `already-exists`
 */
export function checkCaptureName(name: string, captures: Iterable<Capture>): string {
  if (!/^[^\s\-\p{C}][^\p{C}]{0,79}$/u.test(name) || CAPTURE_ID.test(name)) {
    throw new BothendsError(
      'invalid-argument',
      'that is no name for a capture: use 1 to 80 printable characters, not beginning with "-" or looking like an id',
    );
  }
  for (const capture of captures) {
    if (capture.name !== name) continue;
    throw new BothendsError(
      'already-exists',
      `capture ${capture.id} is called "${name}" already: choose another --name`,
    );
  }
  return name;
}

/**
 * A capture by its id or name.
 * @throws BothendsError `not-found` with the nearest names
 */
export function findCapture(idOrName: string, captures: readonly Capture[]): Capture {
  const found = captures.find(({ id }) => id === idOrName) ?? captures.find(({ name }) => name === idOrName);
  if (found !== undefined) return found;
  const near = nearestNames(
    idOrName,
    captures.flatMap(({ id, name }) => [id, name]),
  );
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'see "bothends captures"';
  throw new BothendsError('not-found', `there is no capture "${idOrName.slice(0, 80)}": ${hint}`);
}
