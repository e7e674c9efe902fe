import { createHash, randomBytes } from 'node:crypto';
import { BothendsError } from '@bothends/proto';

/** What the store keeps of a join token: never its secret. */
export interface TokenRecord {
  id: string;
  /** SHA-256 of the secret, hex. The secret has 128 random bits, so a slow hash would add nothing. */
  secretHash: string;
  /** The only name that may use it; null: any name that is not taken. */
  name: string | null;
  expiresNs: bigint;
}

/** A token as its holder presents it: `be1.<id>.<secret>`. */
const TOKEN = /^be1\.([0-9a-f]{8})\.([0-9a-f]{32})$/;

/** Long enough to walk over to the other host, short enough to be worthless in next week's chat log. */
export const DEFAULT_TOKEN_MS = 15 * 60_000;
export const MAX_TOKEN_MS = 7 * 86_400_000;

/** A new one-time token and what to store of it. */
export function createToken(name: string | null, expiresNs: bigint): { token: string; record: TokenRecord } {
  const id = randomBytes(4).toString('hex');
  const secret = randomBytes(16).toString('hex');
  return { token: `be1.${id}.${secret}`, record: { id, secretHash: hashSecret(secret), name, expiresNs } };
}

/**
 * Splits a presented token.
 * @throws BothendsError `unauthenticated` when it is not a token at all
 */
export function parseToken(token: string): { id: string; secretHash: string } {
  const match = TOKEN.exec(token.trim());
  if (match) return { id: match[1], secretHash: hashSecret(match[2]) };
  throw new BothendsError(
    'unauthenticated',
    'the join token is not of the form be1.<id>.<secret>: copy the whole join line, or make a new one with "bothends join-token"',
  );
}

/**
 * The line that a person pastes on the host that is to join. `echo` is part of the shell, so the token is in the
 * arguments of no process, where all users of the host could read it.
 */
export function joinLine(address: string, token: string, caHash: string): string {
  return `echo ${token} | bothends agent --join ${address} --ca-hash ${caHash} --token-file -`;
}

function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
