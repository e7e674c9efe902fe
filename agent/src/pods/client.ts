import { PassThrough } from 'node:stream';
import { BothendsError, ERROR_CODES } from '@bothends/proto';
import type { Ending, Launch, LaunchedTcpdump } from '../capture/tcpdump/launch.js';
import { at, textAt } from './json.js';
import type { Pod } from './pod.js';
import type { Channel, Numbered, PodList, PodNetwork, Request } from './protocol.js';

/** A runtime that has to be asked may take a few seconds; see its own deadline in cri.ts. */
const ANSWER_MS = 8_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: BothendsError) => void;
  readonly timer: NodeJS.Timeout;
}

interface Running {
  readonly stderr: PassThrough;
  readonly over: (ending: Ending) => void;
}

/** The unprivileged half's way to the broker. */
export class BrokerClient {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #running = new Map<number, Running>();
  #next = 0;
  #gone = false;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.onMessage((message) => this.#take(message));
    channel.onClose(() => this.#lose());
  }

  /** Which pods run on this node. @throws BothendsError `unavailable` */
  async pods(): Promise<PodList> {
    return (await this.#ask({ ask: 'pods' })) as PodList;
  }

  /** A pod's network from inside. @throws BothendsError `not-found` for a pod that has ended, `failed-precondition` */
  async network(pod: Pod): Promise<PodNetwork> {
    return (await this.#ask({ ask: 'network', pod })) as PodNetwork;
  }

  /** Starts tcpdump inside the network of a pod. */
  launcher(pod: Pod): Launch {
    return async ({ interface: name, filter, snaplen, bufferBytes }, output) => {
      if (output === 'pipe')
        throw new BothendsError('failed-precondition', 'no named pipe can be made in /tmp');
      const capture = this.#next++;
      const launched = this.#expect(capture);
      const wish = { interface: name, filter, snaplen, bufferBytes };
      try {
        await this.#ask({ ask: 'capture', pod, capture, wish, output });
      } catch (error) {
        this.#running.delete(capture);
        throw error;
      }
      return launched;
    };
  }

  /** Sends a datagram from inside a pod, best effort. */
  sendDatagram(pod: Pod, address: string, port: number, payload: Uint8Array): void {
    const hex = Buffer.from(payload).toString('hex');
    this.#ask({ ask: 'datagram', pod, address, port, payload: hex }).catch(() => undefined);
  }

  #expect(capture: number): LaunchedTcpdump {
    const stderr = new PassThrough();
    const ended = new Promise<Ending>((over) => this.#running.set(capture, { stderr, over }));
    const kill: LaunchedTcpdump['kill'] = (signal) => {
      if (!this.#running.has(capture)) return false;
      this.#ask({ ask: 'signal', capture, signal }).catch(() => undefined);
      return true;
    };
    return { stdout: null, stderr, ended, kill };
  }

  async #ask(request: Request): Promise<unknown> {
    if (this.#gone) throw lost();
    const number = this.#next++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(
          new BothendsError(
            'unavailable',
            `the pod broker of this agent did not answer in ${ANSWER_MS / 1000} s`,
          ),
        );
      }, ANSWER_MS);
      this.#waiting.set(number, { resolve, reject, timer });
      const message: Numbered = { number, request };
      this.#channel.send(message);
    });
  }

  #take(message: unknown): void {
    const [answer, capture] = [at(message, 'answer'), at(message, 'capture')];
    if (typeof answer === 'number') this.#answered(answer, message);
    else if (typeof capture === 'number') this.#heard(capture, message);
  }

  #answered(number: number, message: unknown): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    this.#waiting.delete(number);
    clearTimeout(waiting.timer);
    const fault = at(message, 'fault');
    if (fault === undefined) {
      waiting.resolve(at(message, 'value'));
      return;
    }
    const code = ERROR_CODES.find((known) => known === at(fault, 'code')) ?? 'internal';
    waiting.reject(new BothendsError(code, textAt(fault, 'message')));
  }

  #heard(capture: number, message: unknown): void {
    const running = this.#running.get(capture);
    if (running === undefined) return;
    const says = at(message, 'says');
    if (typeof says === 'string') running.stderr.write(says);
    else this.#end(capture, running, endingOf(message));
  }

  #end(capture: number, { stderr, over }: Running, ending: Ending): void {
    this.#running.delete(capture);
    stderr.end();
    over(ending);
  }

  #lose(): void {
    this.#gone = true;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(lost());
    }
    this.#waiting.clear();
    for (const [capture, running] of this.#running)
      this.#end(capture, running, { kind: 'signal', signal: 'SIGTERM' });
  }
}

function endingOf(message: unknown): Ending {
  const [status, signal] = [at(message, 'status'), textAt(message, 'signal')];
  if (typeof status === 'number') return { kind: 'exit', status };
  return signal.startsWith('SIG') ? { kind: 'signal', signal } : { kind: 'not-started', code: signal };
}

function lost(): BothendsError {
  return new BothendsError('unavailable', 'the pod broker of this agent is gone: start the agent again');
}
