import { setTimeout as sleep } from 'node:timers/promises';
import { type BothendsError, toBothendsError } from '@bothends/proto';
import type { Connection } from '../client/client.js';
import type { CaptureDisplay } from './display.js';

/** First and longest pause between two attempts: a coordinator that is restarted is back within seconds. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/** Ctrl-C of a running capture: asks its coordinator to stop it, also when that is away just now. */
export class Stopper {
  readonly #connection: Connection;
  readonly #captureId: string;
  readonly #display: CaptureDisplay;
  readonly #over = new AbortController();
  #asked = false;
  #taken = false;

  constructor(connection: Connection, captureId: string, display: CaptureDisplay) {
    this.#connection = connection;
    this.#captureId = captureId;
    this.#display = display;
  }

  get asked(): boolean {
    return this.#asked;
  }

  ask(): void {
    this.#asked = true;
    this.#display.say('Stopping both taps; Ctrl-C again leaves at once.');
    const events = {
      away: ({ message }: Error) =>
        this.#display.say(
          `Could not stop the capture yet: ${message}. Trying until it can; the agents go on recording.`,
        ),
      refused: ({ message }: Error) => this.#display.say(`Could not stop the capture: ${message}`),
    };
    void stopCapture(this.#connection, this.#captureId, events, this.#over.signal).then((taken) => {
      this.#taken = taken;
    });
  }

  /** What is left to do for somebody who does not wait. */
  afterLeaving(): string {
    const id = this.#captureId;
    return this.#taken
      ? `The capture ends without you: \`bothends report ${id}\` prints its report.`
      : `The capture goes on: \`bothends stop ${id}\` stops it, \`bothends report ${id}\` prints its report.`;
  }

  end(): void {
    this.#over.abort();
  }
}

/** What whoever asked for the stop hears. */
interface StopEvents {
  /** The coordinator is away: told once, before the next attempt. */
  away(error: BothendsError): void;
  /** It will not be stopped, and why. */
  refused(error: BothendsError): void;
}

/**
 * Asks for the stop of a capture until the coordinator has taken it, or `signal` ends that; true when it has. Never
 * rejects.
 */
async function stopCapture(
  connection: Connection,
  captureId: string,
  events: StopEvents,
  signal: AbortSignal,
): Promise<boolean> {
  let told = false;
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      await connection.call(connection.stub.stopCapture, { captureId });
      return true;
    } catch (thrown) {
      const error = toBothendsError(thrown);
      if (signal.aborted) return false;
      // What timed out is unavailable, too; anything else is an answer.
      if (error.code !== 'unavailable') {
        events.refused(error);
        return false;
      }
      if (!told) events.away(error);
      told = true;
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
