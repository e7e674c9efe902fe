import { parentPort } from 'node:worker_threads';
import { type BothendsError, toBothendsError } from '@bothends/proto';
import type { AnswerMessage, CallMessage } from './messages.js';

/** What a worker thread can do, by name. */
export type Verbs = Readonly<Record<string, (...input: never[]) => unknown>>;

/** What a thread serves, and how it lets go of it. */
export interface Service {
  verbs: Verbs;
  close(): void;
}

/**
 * The worker's side: opens what it serves, then runs one call at a time in their order. To be called once, at the
 * end of a worker's module.
 * @param open may throw; the thread that started this one is told why
 * @param describe any thrown value in words for a person
 */
export function serveCalls(
  open: () => Service,
  describe: (thrown: unknown) => BothendsError = toBothendsError,
): void {
  const port = parentPort;
  if (port === null) throw new Error('this module is a worker thread and is not run by hand');
  const send = (message: AnswerMessage) => port.postMessage(message);
  let service: Service;
  try {
    service = open();
  } catch (thrown) {
    const { code, message } = describe(thrown);
    send({ kind: 'refused', code, message });
    return;
  }
  port.on('message', ({ id, verb, input }: CallMessage) => {
    try {
      if (verb === 'close') service.close();
      const result = verb === 'close' ? undefined : service.verbs[verb](...(input as never[]));
      send({ kind: 'result', id, result });
    } catch (thrown) {
      const { code, message } = describe(thrown);
      send({ kind: 'error', id, code, message });
    }
  });
  send({ kind: 'ready' });
}
