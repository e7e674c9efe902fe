import { randomUUID } from 'node:crypto';
import { BothendsError, ERROR_CODES } from '@bothends/proto';
import type { RawHead, SendRawRequest, SendRawResponse } from '@bothends/proto/gen/bothends/v1/agent';
import type { ExportRawRequest, ExportRawResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import type { ServerReadableStream } from '@grpc/grpc-js';
import { type Capture, isOver, type Tap, tapName } from '../captures/capture.js';
import type { Captures } from '../captures/captures.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Clock } from '../time.js';
import { printable } from '../trust/names.js';
import type { Send } from './server-stream.js';

/** An agent answers at once; one that is busy with a full spool takes seconds. */
const ANSWER_MS = 10_000;

/** An agent's sentences have some hundred characters. */
const MAX_SENTENCE = 1000;

export type SendRawCall = ServerReadableStream<SendRawRequest, SendRawResponse>;

export interface RawExportsInput {
  captures: Captures;
  fleet: Fleet;
  clock: Clock;
}

interface Waiting {
  readonly agent: string;
  readonly answered: (messages: AsyncIterator<SendRawRequest>, head: RawHead) => void;
  /** Resolves when the asker has taken, or given up, what came. */
  readonly over: Promise<void>;
}

/** Raw packets on their way from the host that kept them to the operator who asked: passed on, and kept nowhere here. */
export class RawExports {
  readonly #in: RawExportsInput;
  readonly #waiting = new Map<string, Waiting>();

  constructor(input: RawExportsInput) {
    this.#in = input;
  }

  /** The tap that is meant, for the audit log and the agent. @throws BothendsError `not-found`, `failed-precondition` */
  tapOf({ captureId, tap: wanted }: ExportRawRequest): Tap {
    const capture = this.#in.captures.get(captureId);
    const tap = capture.taps.find((each) => each.role === wanted || tapName(each) === wanted);
    if (tap === undefined) throw noSuchTap(capture, wanted);
    if (!isOver(capture.phase)) {
      const { id, phase } = capture;
      throw new BothendsError(
        'failed-precondition',
        `${id} is still ${phase.state}: "bothends stop ${id}" first`,
      );
    }
    return tap;
  }

  /**
   * Sends what the tap's host has kept.
   * @throws BothendsError as its agent refuses; `unavailable` when it is offline, silent, or goes away in the middle
   */
  async send(tap: Tap, by: string, send: Send<ExportRawResponse>, signal: AbortSignal): Promise<void> {
    const { fleet } = this.#in;
    if (fleet.require(tap.agent).hello.knowsRaw !== true) throw tooOld(tap.agent);
    const fetchId = randomUUID();
    let finish = () => {};
    const over = new Promise<void>((resolve) => {
      finish = resolve;
    });
    try {
      const answer = this.#answer(fetchId, tap.agent, over, signal);
      const value = { fetchId, tapId: tap.id, requestedBy: by };
      fleet.send(tap.agent, { $case: 'fetchRaw', value });
      const { head, messages } = await answer;
      if (head.reason !== '') throw refusalOf(head);
      await send({ data: Buffer.alloc(0), lacks: printable(head.lacks, MAX_SENTENCE) });
      let missing = Number(head.bytes);
      while (missing > 0) {
        const next = await messages.next();
        if (next.done) throw cutShort(tap.agent);
        const { message } = next.value;
        if (message?.$case !== 'data') continue;
        missing -= message.value.length;
        await send({ data: message.value, lacks: '' });
      }
    } finally {
      this.#waiting.delete(fetchId);
      finish();
    }
  }

  /** Takes an agent's answer; resolves when nobody reads it any more. @throws BothendsError for one that nobody waits for */
  async take(agent: string, call: SendRawCall): Promise<void> {
    const messages: AsyncIterator<SendRawRequest> = call[Symbol.asyncIterator]();
    const first = await this.#inTime(messages.next(), agent);
    const head = !first.done && first.value.message?.$case === 'head' ? first.value.message.value : null;
    const waiting = head === null ? undefined : this.#waiting.get(head.fetchId);
    if (head === null || waiting?.agent !== agent)
      throw new BothendsError('not-found', `nobody asked ${agent} for these raw packets, or gave up waiting`);
    this.#waiting.delete(head.fetchId);
    waiting.answered(messages, head);
    await waiting.over;
  }

  /** The head of an answer; an agent that opens a stream and says nothing is cut. */
  async #inTime<T>(head: Promise<T>, agent: string): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const late = new BothendsError(
        'invalid-argument',
        `${agent} opened a stream of raw packets and said nothing`,
      );
      const cancel = this.#in.clock.after(ANSWER_MS, () => reject(late));
      head.then(resolve, reject).finally(cancel);
    });
  }

  #answer(fetchId: string, agent: string, over: Promise<void>, signal: AbortSignal) {
    return new Promise<{ head: RawHead; messages: AsyncIterator<SendRawRequest> }>((resolve, reject) => {
      const cancel = this.#in.clock.after(ANSWER_MS, () =>
        reject(
          new BothendsError('unavailable', `${agent} did not answer within ${ANSWER_MS / 1000} s: try again`),
        ),
      );
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      const answered: Waiting['answered'] = (messages, head) => {
        cancel();
        resolve({ head, messages });
      };
      this.#waiting.set(fetchId, { agent, answered, over });
    });
  }
}

function noSuchTap({ id, taps }: Capture, wanted: string): BothendsError {
  const names = taps.map((tap) => `${tapName(tap)} (${tap.role})`);
  return new BothendsError(
    'not-found',
    `${id} has no tap ${printable(wanted)}: it has ${names.join(' and ')}`,
  );
}

function tooOld(agent: string): BothendsError {
  return new BothendsError(
    'failed-precondition',
    `the agent of ${agent} is of a release that keeps no raw packets: upgrade it`,
  );
}

function cutShort(agent: string): BothendsError {
  return new BothendsError('unavailable', `${agent} went away before all of its file had come: try again`);
}

/** In the agent's words. */
function refusalOf({ code, reason }: RawHead): BothendsError {
  const known = ERROR_CODES.find((each) => each === code) ?? 'failed-precondition';
  return new BothendsError(known, printable(reason, MAX_SENTENCE));
}
