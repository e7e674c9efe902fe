import { parentPort } from 'node:worker_threads';
import { type BothendsError, toBothendsError } from '@bothends/proto';
import type { AnswerMessage, CallMessage } from './messages.js';

/** What a worker thread can do, by name. */
export type Verbs = Readonly<Record<string, (...input: never[]) => unknown>>;

/** What a thread serves, and how it lets go of it. */
export interface Service {
  verbs: Verbs;
  /**
   * Runs calls that wait together so that they take effect at once, which is cheaper; throws when none of them took
   * effect. Without it each is answered as soon as it is done.
   */
  together?: (calls: readonly (() => void)[]) => void;
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
  const answer = ({ id, verb, input }: CallMessage): AnswerMessage => {
    try {
      if (verb === CLOSE) service.close();
      const result = verb === CLOSE ? undefined : service.verbs[verb](...(input as never[]));
      return { kind: 'result', id, result };
    } catch (thrown) {
      const { code, message } = describe(thrown);
      return { kind: 'error', id, code, message };
    }
  };
  const { together } = service;
  if (together === undefined) port.on('message', (call: CallMessage) => send(answer(call)));
  else {
    const answerAll = (calls: readonly CallMessage[]) => answersOf(calls, answer, together).forEach(send);
    port.on('message', collected(answerAll));
  }
  send({ kind: 'ready' });
}

/** The verb that every thread has. */
const CLOSE = 'close';

/** A listener that hands on all calls that came while the thread was busy. The last of all stands alone. */
function collected(take: (calls: readonly CallMessage[]) => void): (call: CallMessage) => void {
  let waiting: CallMessage[] = [];
  return (call) => {
    if (waiting.push(call) > 1) return;
    setImmediate(() => {
      const calls = waiting;
      waiting = [];
      take(calls.filter(({ verb }) => verb !== CLOSE));
      take(calls.filter(({ verb }) => verb === CLOSE));
    });
  };
}

function answersOf(
  calls: readonly CallMessage[],
  answer: (call: CallMessage) => AnswerMessage,
  together: NonNullable<Service['together']>,
): AnswerMessage[] {
  if (calls.length > 1) {
    const answers: AnswerMessage[] = [];
    try {
      together(calls.map((call) => () => void answers.push(answer(call))));
      return answers;
    } catch {
      // Nothing of it took effect: one by one each gets an answer of its own.
    }
  }
  return calls.map(answer);
}
