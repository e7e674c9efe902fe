import { BothendsError, codeOfGrpcStatus, plainDetails, toBothendsError } from '@bothends/proto';
import { type TlsTrouble, tlsTrouble } from '@bothends/proto/trust/tls-trouble';
import { status } from '@grpc/grpc-js';

const TLS_TROUBLE: Readonly<Record<TlsTrouble, (target: string, details: string) => string>> = {
  untimely: (target, details) =>
    `the certificate of the coordinator at ${target} is not valid at the time of this host (${details}): set its ` +
    'clock (see "timedatectl"), or that of the coordinator',
  untrusted: (target, details) =>
    `what answers at ${target} has no certificate of an authority that this agent trusts (${details}): it is another ` +
    "coordinator, or this one's authority was replaced while this agent was away; then join again, with a line of " +
    '"bothends join-token --name" and the name of this agent',
};

/** A failed call as one of our errors. `target` is the coordinator's address. */
export function fromRpcError(error: unknown, target: string): BothendsError {
  if (!isServiceError(error)) return toBothendsError(error);
  const { code, details } = error;
  const trouble = code === status.UNAVAILABLE ? tlsTrouble(details) : null;
  if (trouble !== null) {
    const told = TLS_TROUBLE[trouble](target, plainDetails(details));
    return new BothendsError('unauthenticated', told, { cause: error });
  }
  if (code === status.UNAVAILABLE) {
    return new BothendsError(
      'unavailable',
      `no coordinator answers at ${target} (${plainDetails(details)})`,
      {
        cause: error,
      },
    );
  }
  if (code === status.CANCELLED) {
    // We cancel only what we have given up already, so it was the other side.
    return new BothendsError('unavailable', `the coordinator at ${target} broke off`, { cause: error });
  }
  if (code === status.DEADLINE_EXCEEDED) {
    return new BothendsError('unavailable', `the coordinator at ${target} did not answer in time`, {
      cause: error,
    });
  }
  return new BothendsError(codeOfGrpcStatus(code), details, { cause: error });
}

function isServiceError(error: unknown): error is { code: number; details: string } {
  return (
    error instanceof Error && typeof (error as { code?: unknown }).code === 'number' && 'details' in error
  );
}
