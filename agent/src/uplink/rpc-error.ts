import { BothendsError, codeOfGrpcStatus, plainDetails, toBothendsError } from '@bothends/proto';
import { status } from '@grpc/grpc-js';

/** What OpenSSL says of a certificate whose time it is not, and of one that nobody known has signed. */
const UNTIMELY = /certificate (?:has expired|is not yet valid)|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/;
const UNTRUSTED = /self-signed certificate|unable to (?:get (?:local )?issuer|verify)|signature failure/;

/** A failed call as one of our errors. `target` is the coordinator's address. */
export function fromRpcError(error: unknown, target: string): BothendsError {
  if (!isServiceError(error)) return toBothendsError(error);
  const { code, details } = error;
  if (code === status.UNAVAILABLE && UNTIMELY.test(details)) {
    const why = `the certificate of the coordinator at ${target} is not valid at the time of this host`;
    const todo = 'set its clock (see "timedatectl"), or that of the coordinator';
    return new BothendsError('unauthenticated', `${why} (${plainDetails(details)}): ${todo}`, {
      cause: error,
    });
  }
  if (code === status.UNAVAILABLE && UNTRUSTED.test(details)) {
    return new BothendsError(
      'unauthenticated',
      `what answers at ${target} has no certificate of an authority that this agent trusts (${plainDetails(details)}): ` +
        "it is another coordinator, or this one's authority was replaced while this agent was away; then join again, " +
        'with a line of "bothends join-token --name" and the name of this agent',
      { cause: error },
    );
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
