import { BothendsError } from '@bothends/proto';
import { type Identity, identityOf } from '../../trust/identity.js';

/** The part of a call that tells who is calling; every kind of grpc-js server call has it. */
export interface AuthenticatedCall {
  getAuthContext(): { sslPeerCertificate?: { raw?: Buffer } };
}

/**
 * Who is calling, null when the peer showed no certificate of our CA. grpc-js hands over a certificate only when
 * TLS verified it.
 */
export function callerOf(call: AuthenticatedCall): Identity | null {
  const der = call.getAuthContext().sslPeerCertificate?.raw;
  return der === undefined ? null : identityOf(der);
}

/** The caller of a method that the access table does not open to everybody. */
export function requireCaller(call: AuthenticatedCall): Identity {
  const caller = callerOf(call);
  if (caller !== null) return caller;
  throw new BothendsError('unauthenticated', 'no client certificate of this coordinator was shown');
}
