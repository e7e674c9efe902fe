import { AUTHORITIES_KEY } from '@bothends/proto/trust/authorities';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { ACCESS, authorise } from '../trust/access.js';
import type { Identity } from '../trust/identity.js';
import type { CallRate } from './call-rate.js';
import { callerOf } from './caller.js';
import { statusError } from './status.js';

/** What is asked of every caller besides its role, such as that its certificate has not been replaced. */
export type CallerCheck = (caller: Identity) => void;

/** Told of every refusal, for the audit log. */
export type RefusalListener = (refusal: Refusal) => void;

export interface Refusal {
  path: string;
  /** Address of the peer. */
  peer: string;
  /** Name in its certificate, empty where it showed none of ours. */
  name: string;
  reason: string;
}

export interface AuthoriseInput {
  check: CallerCheck;
  rate: CallRate;
  refused: RefusalListener;
  /** Names the authorities that this coordinator trusts now; every answer carries it. */
  authorities: () => string;
}

/** Holds every call against the access table before anything of it is read. */
export function authoriseCalls({ check, rate, refused, authorities }: AuthoriseInput): ServerInterceptor {
  return (method, call) =>
    new ServerInterceptingCall(call, {
      sendMetadata(metadata, next) {
        metadata.set(AUTHORITIES_KEY, authorities());
        next(metadata);
      },
      start(next) {
        let caller: Identity | null = null;
        try {
          caller = callerOf(call);
          rate.spend(caller === null ? addressOf(call.getPeer()) : `${caller.role} ${caller.name}`);
          authorise(method.path, caller);
          if (caller !== null && ACCESS[method.path] !== 'open') check(caller);
        } catch (error) {
          const status = statusError(error);
          const name = caller?.name ?? '';
          refused({ path: method.path, peer: call.getPeer(), name, reason: status.details });
          call.sendStatus({ code: status.code, details: status.details });
          return;
        }
        next();
      },
    });
}

/** Of `192.0.2.1:40000`: a stranger who takes another port is the same stranger. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '');
}
