import { once } from 'node:events';
import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { statusError } from './status.js';

/** Sends one message; resolves when the peer has room for the next, so that a slow reader holds no memory. */
export type Send<Response> = (response: Response) => Promise<void>;

/**
 * A plain function as a server-streaming handler. It ends the stream by returning; what it throws becomes the
 * status. `signal` aborts when the peer goes away.
 */
export function serverStream<Request, Response>(
  handle: (
    request: Request,
    send: Send<Response>,
    signal: AbortSignal,
    call: ServerWritableStream<Request, Response>,
  ) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const controller = new AbortController();
    call.on('cancelled', () => controller.abort());
    call.on('close', () => controller.abort());
    void handle(call.request, sender(call, controller.signal), controller.signal, call).then(
      () => call.end(),
      (error) => {
        if (!controller.signal.aborted) call.emit('error', statusError(error));
      },
    );
  };
}

function sender<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  signal: AbortSignal,
): Send<Response> {
  return async (response) => {
    signal.throwIfAborted();
    if (!call.write(response)) await once(call, 'drain', { signal });
  };
}
