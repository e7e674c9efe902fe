import { AUTHORITIES_KEY, TIME_KEY } from '@bothends/proto/trust/authorities';
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status as Status,
} from '@grpc/grpc-js';
import { ACCESS, authorise } from '../../trust/access.js';
import type { Identity } from '../../trust/identity.js';
import { statusError } from '../status.js';
import type { CallRate } from './call-rate.js';
import { callerOf } from './caller.js';
import type { OpenCalls } from './open-calls.js';

/** What is asked of every caller besides its role, such as that its certificate has not been replaced. */
export type CallerCheck = (caller: Identity) => void;

/** Told of every refusal, for the audit log. */
export type RefusalListener = (refusal: Refusal) => void;

/** A call that was refused, and who made it. */
export interface Refusal {
  path: string;
  /** Address of the peer. */
  peer: string;
  /** Name in its certificate, empty where it showed none of ours. */
  name: string;
  reason: string;
}

export interface AuthoriseInput {
  check: CallerCheck;
  rate: CallRate;
  open: OpenCalls;
  refused: RefusalListener;
  /** Names the authorities that this coordinator trusts now; every answer carries it, and the time. */
  authorities: () => string;
  /** Epoch ms. */
  nowMs: () => number;
}

/** Checks every call against the access table before anything of it is read, and reports who is cut off. */
export function authoriseCalls(input: AuthoriseInput): ServerInterceptor {
  return ({ path }, call) => {
    const guarded = new GuardedCall(path, call, input);
    return new ServerInterceptingCall(call, {
      start(next) {
        if (guarded.admit()) next(guarded.listener());
      },
      sendMetadata(metadata, next) {
        metadata.set(AUTHORITIES_KEY, input.authorities());
        metadata.set(TIME_KEY, `${input.nowMs()}`);
        next(metadata);
      },
      sendStatus(status, next) {
        guarded.answered = true;
        next(status);
      },
    });
  };
}

/** One call on its way through the guard. */
class GuardedCall {
  /** Its handler has said how it ended. */
  answered = false;
  readonly #path: string;
  readonly #call: ServerInterceptingCallInterface;
  readonly #in: AuthoriseInput;
  #caller: Identity | null = null;
  #asked = false;
  #open = false;

  constructor(path: string, call: ServerInterceptingCallInterface, input: AuthoriseInput) {
    this.#path = path;
    this.#call = call;
    this.#in = input;
  }

  /** Whether the call may go on; otherwise it is answered. */
  admit(): boolean {
    try {
      this.#caller = callerOf(this.#call);
      this.#begin();
      this.#in.rate.spend(this.#budget());
      authorise(this.#path, this.#caller);
      if (this.#caller !== null && ACCESS[this.#path] !== 'open') this.#in.check(this.#caller);
    } catch (error) {
      const { code, details } = statusError(error);
      this.#refuse(details);
      this.#end();
      this.#call.sendStatus({ code, details });
      return false;
    }
    this.#hearOwnAnswers();
    return true;
  }

  /**
   * Notices when the peer gives up the call. That counts against the peer unless it asked something and was
   * answered.
   */
  listener() {
    return new ServerListenerBuilder()
      .withOnReceiveMessage((message, next) => {
        this.#asked = true;
        next(message);
      })
      .withOnCancel(() => {
        this.#end();
        const isServed = this.#asked && this.answered;
        if (isServed || this.#in.rate.reset(this.#budget())) return;
        this.#refuse('it opens and resets calls as fast as it can: its connection ends when it goes on');
      })
      .build();
  }

  /** grpc-js itself answers what it cannot read, past all interceptors: too large, a bomb, no message of ours. */
  #hearOwnAnswers(): void {
    const send = this.#call.sendStatus.bind(this.#call);
    this.#call.sendStatus = (status) => {
      if (!this.answered && isUnreadable(status))
        this.#refuse(status.details ?? 'its message cannot be read');
      this.answered = true;
      this.#end();
      send(status);
    };
  }

  #begin(): void {
    this.#open = true;
    if (this.#in.open.begin(this.#call.getPeer()))
      this.#refuse('its connection has as many calls open as one may have: further ones are refused');
  }

  /** Once, however it ended. */
  #end(): void {
    if (this.#open) this.#in.open.end(this.#call.getPeer());
    this.#open = false;
  }

  #refuse(reason: string): void {
    const name = this.#caller?.name ?? '';
    this.#in.refused({ path: this.#path, peer: this.#call.getPeer(), name, reason });
  }

  /** Who pays for the call: a stranger who takes another port is the same stranger. */
  #budget(): string {
    const caller = this.#caller;
    return caller === null ? this.#call.getPeer().replace(/:\d+$/, '') : `${caller.role} ${caller.name}`;
  }
}

type Answer = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

function isUnreadable({ code, details }: Answer): boolean {
  if (code === Status.RESOURCE_EXHAUSTED) return true;
  return (
    code === Status.INTERNAL && /^(?:Error deserializing request|Failed to decompress)/.test(details ?? '')
  );
}
