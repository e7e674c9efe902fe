/** What `agents` and `captures` answer with two thousand of them is a few MB. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Of a connection to a coordinator. */
export const MESSAGE_OPTIONS = {
  'grpc.ssl_target_name_override': 'bothends-coordinator',
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
} as const;

/** A unary call as a promise. */
export async function call<Response>(
  invoke: (done: (error: Error | null, response: Response) => void) => unknown,
): Promise<Response> {
  return await new Promise((resolve, reject) => {
    invoke((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}
