import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import { statusError } from './status.js';

/** A plain function as a unary handler: what it throws becomes the status. */
export function unary<Request, Response>(
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => handle(call.request, call))().then(
      (response) => callback(null, response),
      (error) => callback(statusError(error)),
    );
  };
}
