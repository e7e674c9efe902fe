/**
 * The one error type. `code` is from a closed set and maps to a gRPC status at the edge; the message
 * says what was wrong, where, and what to do.
 */
export const ERROR_CODES = [
  'invalid-argument',
  'not-found',
  'already-exists',
  'permission-denied',
  'unauthenticated',
  'failed-precondition',
  'unavailable',
  'resource-exhausted',
  'data-loss',
  'unsupported',
  'cancelled',
  'internal',
] as const;

/** What kind of error it is; one of ERROR_CODES. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error that a user may read as it is. */
export class BothendsError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BothendsError';
    this.code = code;
  }
}

/** Status numbers of gRPC, in the order of ERROR_CODES (grpc/status.h). */
const GRPC_STATUS: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': 3,
  'not-found': 5,
  'already-exists': 6,
  'permission-denied': 7,
  unauthenticated: 16,
  'failed-precondition': 9,
  unavailable: 14,
  'resource-exhausted': 8,
  'data-loss': 15,
  unsupported: 12,
  cancelled: 1,
  internal: 13,
};

/** The gRPC status number of an error code. */
export function grpcStatusOf(code: ErrorCode): number {
  return GRPC_STATUS[code];
}

/** The error code of a gRPC status number; deadline (4) reads as `unavailable`. */
export function codeOfGrpcStatus(status: number): ErrorCode {
  for (const code of ERROR_CODES) if (GRPC_STATUS[code] === status) return code;
  return status === 4 ? 'unavailable' : 'internal';
}

/** Any thrown value as a BothendsError, keeping it as the cause. */
export function toBothendsError(thrown: unknown): BothendsError {
  if (thrown instanceof BothendsError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new BothendsError('internal', message, { cause: thrown });
}
