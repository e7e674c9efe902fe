import type { EventName, Step } from './spec.js';

/** What the steps act on: one TCP connection, or one UDP peer. Every wait rejects when the connection fails. */
export interface Conversation {
  readonly number: number;
  /** Bytes read so far. */
  readonly received: number;
  send(data: Buffer): Promise<void>;
  /** Resolves when `received` has reached the number. */
  reached(bytes: number): Promise<void>;
  /** Resolves at the peer's FIN. `onData` sees every chunk until then. */
  finished(onData?: (data: Buffer) => void): Promise<void>;
  /** Rejects when the connection fails, never resolves: raced against waits that have nothing to do with it. */
  readonly failed: Promise<never>;
  setReading(on: boolean): void;
  end(): Promise<void>;
  close(): Promise<void>;
  reset(): Promise<void>;
}

export interface Surroundings {
  say(event: EventName, connection: number, detail?: string): void;
  /** Resolves when the scenario says the word. */
  told(word: string): Promise<void>;
  sleep(ms: number): Promise<unknown>;
}

/** Plays the steps in order and then closes. */
export async function play(
  conversation: Conversation,
  steps: readonly Step[],
  around: Surroundings,
): Promise<void> {
  for (const step of steps) await playStep(conversation, step, around);
}

async function playStep(conversation: Conversation, step: Step, around: Surroundings): Promise<void> {
  const { number } = conversation;
  switch (step.do) {
    case 'send': {
      const data = 'text' in step ? Buffer.from(step.text) : pattern(step.bytes);
      await conversation.send(data);
      return around.say('sent', number, String(data.length));
    }
    case 'receive':
      await conversation.reached(step.bytes);
      return around.say('received', number, String(conversation.received));
    case 'echo':
      return echo(conversation);
    case 'drain':
      return conversation.finished();
    case 'trickle':
      return trickle(conversation, step.everyMs, around);
    case 'stall':
      return conversation.setReading(false);
    case 'resume':
      return conversation.setReading(true);
    case 'wait':
      await Promise.race([around.sleep(step.ms), conversation.failed]);
      return;
    case 'await':
      await Promise.race([around.told(step.word), conversation.failed]);
      return around.say('told', number, step.word);
    case 'end':
      return conversation.end();
    case 'close':
      return conversation.close();
    case 'reset':
      return conversation.reset();
    case 'repeat':
      for (let i = 0; i < step.times; i++) await play(conversation, step.steps, around);
  }
}

async function echo(conversation: Conversation): Promise<void> {
  let sending = Promise.resolve();
  await conversation.finished((data) => {
    sending = sending.then(() => conversation.send(data));
    // A failure is reported by `finished`, which is awaited; unhandled here it would end the process first.
    sending.catch(() => undefined);
  });
  await sending;
}

function trickle(conversation: Conversation, everyMs: number, around: Surroundings): Promise<void> {
  return conversation.finished(() => {
    conversation.setReading(false);
    void around.sleep(everyMs).then(() => conversation.setReading(true));
  });
}

/** Repeats every 251 bytes (a prime), so that no two segments of usual sizes hold the same bytes. */
const PATTERN_PERIOD = 251;

function pattern(bytes: number): Buffer {
  return Buffer.alloc(bytes, Buffer.from(Array.from({ length: PATTERN_PERIOD }, (_, i) => i)));
}
