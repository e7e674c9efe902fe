import {
  BothendsError,
  COORDINATOR_NAME,
  codeOfGrpcStatus,
  nearestNames,
  plainDetails,
} from '@bothends/proto';
import { BothendsClient } from '@bothends/proto/gen/bothends/v1/bothends';
import { AUTHORITIES_KEY, TIME_KEY } from '@bothends/proto/trust/authorities';
import { tlsTrouble } from '@bothends/proto/trust/tls-trouble';
import {
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Context } from '../context/context.js';
import { alternatives } from '../render/words.js';

/** A unary call answers from memory or one query; longer than this and something is stuck. */
const CALL_DEADLINE_MS = 15_000;
/** Reports and ladders are computed from the evidence: a million packets take seconds. */
const LONG_DEADLINE_MS = 120_000;
/** Largest message taken: a report with 100 000 flows is about 60 MB of JSON. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** How a gRPC server says that a method is missing; our own `unsupported` has words of its own. */
const NO_SUCH_METHOD = 'The server does not implement';

type Unary<Q, R> = (
  request: Q,
  metadata: Metadata,
  options: { deadline: number },
  callback: (error: ServiceError | null, response: R) => void,
) => ClientUnaryCall;

/** A connection to the coordinator of a context, over mutual TLS. */
export class Connection {
  #client: BothendsClient;
  #certificatePem: string;
  readonly #reread: () => Context | null;
  readonly #address: string;
  readonly #now: () => number;
  #authorities = '';
  #answeredMs: number | null = null;

  /** @param reread the context as its file has it now: another command may renew the certificate while this one runs */
  constructor(context: Context, now: () => number, reread: () => Context | null = () => null) {
    this.#address = context.address;
    this.#now = now;
    this.#reread = reread;
    this.#certificatePem = context.certificatePem;
    this.#client = clientOf(context);
  }

  /** What the coordinator called its authorities last; empty before it answered. */
  get authorities(): string {
    return this.#authorities;
  }

  /** The coordinator's time when it answered last, epoch ms; null when it did not say. */
  get answeredMs(): number | null {
    return this.#answeredMs;
  }

  get address(): string {
    return this.#address;
  }

  /** For an answer that is computed from the evidence, epoch ms. */
  get longDeadline(): number {
    return this.#now() + LONG_DEADLINE_MS;
  }

  get stub(): BothendsClient {
    return this.#client;
  }

  /** One answer. Throws BothendsError with the coordinator's own message. */
  async call<Q, R>(method: Unary<Q, R>, request: Q, long = false): Promise<R> {
    try {
      return await this.#callOnce(method, request, long);
    } catch (error) {
      if (!(error instanceof BothendsError && this.revive(error))) throw error;
      return await this.#callOnce(method, request, long);
    }
  }

  /** Connects anew if the coordinator did not know the certificate, and the context file has another by now. */
  revive({ code }: BothendsError): boolean {
    if (code !== 'unauthenticated') return false;
    const context = this.#reread();
    if (context === null || context.certificatePem === this.#certificatePem) return false;
    this.#client.close();
    this.#certificatePem = context.certificatePem;
    this.#client = clientOf(context);
    return true;
  }

  #callOnce<Q, R>(method: Unary<Q, R>, request: Q, long: boolean): Promise<R> {
    const deadline = long ? this.longDeadline : this.#now() + CALL_DEADLINE_MS;
    return new Promise((resolve, reject) => {
      const call = method.call(this.#client, request, new Metadata(), { deadline }, (error, response) => {
        if (error) reject(this.translate(error));
        else resolve(response);
      });
      this.#watchHead(call);
    });
  }

  /** The messages of a server stream. Leaving the loop cancels the call. */
  async *messages<R>(stream: ClientReadableStream<R>): AsyncGenerator<R> {
    this.#watchHead(stream);
    try {
      for await (const message of stream) yield message as R;
    } catch (error) {
      throw this.translate(error as ServiceError);
    } finally {
      stream.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  #watchHead(call: ClientUnaryCall | ClientReadableStream<unknown>): void {
    call.on('metadata', (metadata: Metadata) => {
      const [named] = metadata.get(AUTHORITIES_KEY);
      if (typeof named === 'string') this.#authorities = named;
      const [time] = metadata.get(TIME_KEY);
      if (typeof time === 'string' && /^\d{1,15}$/.test(time)) this.#answeredMs = Number(time);
    });
  }

  /** A gRPC failure as the error a user reads. */
  translate(error: ServiceError): BothendsError {
    const code = codeOfGrpcStatus(error.code);
    const told = error.details || error.message;
    if (error.code === status.DEADLINE_EXCEEDED) {
      return new BothendsError(code, `the coordinator at ${this.#address} did not answer in time`, {
        cause: error,
      });
    }
    if (error.code === status.UNAVAILABLE && !cameFromServer(error)) {
      return unreachable(this.#address, told, error);
    }
    if (error.code === status.UNIMPLEMENTED && told.startsWith(NO_SUCH_METHOD)) {
      const why = `the coordinator at ${this.#address} does not know this request: it may be an older version`;
      return new BothendsError(code, why, { cause: error });
    }
    return new BothendsError(code, told, { cause: error });
  }
}

/** A status that the server sent came with its headers; one that gRPC made up because it has no connection has none. */
function cameFromServer(error: ServiceError): boolean {
  return Object.keys(error.metadata.getMap()).length > 0;
}

function clientOf(context: Context): BothendsClient {
  return new BothendsClient(context.address, channelCredentials(context), {
    'grpc.ssl_target_name_override': COORDINATOR_NAME,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    // A capture may be quiet for minutes: pings tell a dead coordinator from a quiet one.
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.keepalive_permit_without_calls': 0,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.enable_retries': 0,
  });
}

function channelCredentials(context: Context) {
  try {
    return credentials.createSsl(
      Buffer.from(context.caPem),
      Buffer.from(context.keyPem),
      Buffer.from(context.certificatePem),
    );
  } catch (error) {
    throw new BothendsError(
      'failed-precondition',
      `the context "${context.name}" holds a certificate or key that cannot be read: ask the coordinator's administrator for a new one`,
      { cause: error },
    );
  }
}

function unreachable(address: string, told: string, cause: unknown): BothendsError {
  switch (tlsTrouble(told)) {
    case 'untimely':
      return new BothendsError(
        'unauthenticated',
        `the certificate of the coordinator at ${address} is not valid at the time of this machine (${plainDetails(told)}): set its clock`,
        { cause },
      );
    case 'untrusted':
      return new BothendsError(
        'unauthenticated',
        `what answers at ${address} is not the coordinator of this context (${plainDetails(told)}): take a context file from it`,
        { cause },
      );
    case null:
      return new BothendsError(
        'unavailable',
        `cannot reach the coordinator at ${address}: is it running, and is the address in the context right? (${plainDetails(told)})`,
        { cause },
      );
  }
}

/** The error for a name that is not in a list, with the nearest that are. */
export function notFound(what: string, name: string, known: readonly string[]): BothendsError {
  const near = nearestNames(name, known);
  const suggestion = near.length > 0 ? `: did you mean ${alternatives(near)}?` : '';
  return new BothendsError('not-found', `no ${what} "${name}"${suggestion}`);
}
