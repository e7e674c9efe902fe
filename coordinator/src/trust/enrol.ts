import { BothendsError } from '@bothends/proto';
import type { EnrolRefusal, Store } from '../store/store.js';
import type { Authority } from './authority.js';
import type { IssuedCertificate } from './ca.js';
import { checkName } from './names.js';
import { parseToken } from './tokens.js';

export interface EnrolInput {
  token: string;
  name: string;
  /** PKCS#10, DER. */
  csr: Buffer;
  /** See Authority.agentCertificate. */
  takesAuthorities: boolean;
}

/**
 * Exchanges a one-time token for an agent's certificate.
 *
 * The token is looked at first, so that strangers cannot make us sign, and consumed last, so that a typing error
 * costs none; the store lets only one of many racing attempts through.
 * @throws BothendsError `invalid-argument`, `unauthenticated`, `already-exists`
 */
export async function enrol(
  input: EnrolInput,
  authority: Authority,
  store: Store,
  nowNs: bigint,
): Promise<{ issued: IssuedCertificate; caPem: string }> {
  const name = checkName(input.name);
  const { id, secretHash } = parseToken(input.token);
  const attempt = { tokenId: id, secretHash, name, nowNs };
  refuseIf(await store.enrolRefusal(attempt), name);
  const issued = await authority.agentCertificate(name, input.csr, input.takesAuthorities);
  refuseIf(await store.enrol(attempt, issued), name);
  return { issued, caPem: authority.caPem };
}

function refuseIf(refusal: EnrolRefusal | null, name: string): void {
  if (refusal !== null) throw REFUSALS[refusal](name);
}

const NEW_TOKEN = 'make a new one with "bothends join-token"';

const REFUSALS = {
  // Wrong id and wrong secret read the same: the answer helps nobody to guess.
  unknown: () => new BothendsError('unauthenticated', `the join token is not valid here: ${NEW_TOKEN}`),
  used: () => new BothendsError('unauthenticated', `the join token has been used already: ${NEW_TOKEN}`),
  expired: () => new BothendsError('unauthenticated', `the join token has expired: ${NEW_TOKEN}`),
  'other-name': (name: string) =>
    new BothendsError(
      'unauthenticated',
      `the join token is not for "${name}" but for another name: give that one with --name, or ${NEW_TOKEN}`,
    ),
  'name-taken': (name: string) =>
    new BothendsError(
      'already-exists',
      `an agent called ${name} has joined already: choose another --name, or replace it with a token for ` +
        `just this name ("bothends join-token --name ${name}")`,
    ),
} as const;
