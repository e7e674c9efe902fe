import { grpcStatusOf, toBothendsError } from '@bothends/proto';
import type { ServiceError } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';

/** Longer texts do not fit into the headers that carry a status; tcpdump's messages with a caret do. */
const MAX_DETAILS = 4096;

/** Any thrown value as the error that grpc-js sends, with the full text for the user. */
export function statusError(thrown: unknown): ServiceError {
  const error = toBothendsError(thrown);
  const details = error.message.slice(0, MAX_DETAILS);
  return Object.assign(new Error(details), {
    code: grpcStatusOf(error.code),
    details,
    metadata: new Metadata(),
  });
}
