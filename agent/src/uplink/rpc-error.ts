import { BothendsError, codeOfGrpcStatus, plainDetails, toBothendsError } from '@bothends/proto';
import { status } from '@grpc/grpc-js';

/** A failed call as one of our errors. `target` is the coordinator's address. */
export function fromRpcError(error: unknown, target: string): BothendsError {
  if (!isServiceError(error)) return toBothendsError(error);
  const { code, details } = error;
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
