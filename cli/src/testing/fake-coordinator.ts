import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BothendsError, grpcStatusOf, toBothendsError } from '@bothends/proto';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { makePki, type TestPki } from './certificates.js';

/** Answers of a fake coordinator by method name; a missing one answers UNIMPLEMENTED. */
export interface Answers {
  readonly unary?: Readonly<Record<string, (request: never) => object>>;
  readonly stream?: Readonly<Record<string, (request: never) => AsyncIterable<object> | Iterable<object>>>;
}

/** A gRPC server with mutual TLS that speaks the coordinator's contract from a script. */
export class FakeCoordinator {
  readonly pki: TestPki;
  readonly #dir = mkdtempSync(join(tmpdir(), 'bothends-cli-'));
  #server: Server | null = null;
  #port = 0;

  constructor(pki: TestPki = makePki()) {
    this.pki = pki;
  }

  /** Listens on loopback; on the same port again after `kill`. */
  async start(answers: Answers): Promise<void> {
    const server = new Server();
    server.addService(BothendsService, implementation(answers));
    const { caPem, serverKeyPem, serverCertificatePem } = this.pki;
    const pair = { private_key: Buffer.from(serverKeyPem), cert_chain: Buffer.from(serverCertificatePem) };
    const tls = ServerCredentials.createSsl(Buffer.from(caPem), [pair], true);
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.#port}`, tls, (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.#server = server;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** A context file for this server; fields may be replaced. */
  contextFile(changes: Record<string, unknown> = {}): string {
    const path = join(this.#dir, 'context.json');
    const context = {
      name: 'test',
      address: this.address,
      caPem: this.pki.caPem,
      certificatePem: this.pki.clientCertificatePem,
      keyPem: this.pki.clientKeyPem,
      ...changes,
    };
    writeFileSync(path, JSON.stringify(context));
    return path;
  }

  /** Cuts every connection, as a crash does. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = null;
  }

  close(): void {
    this.kill();
    rmSync(this.#dir, { recursive: true });
  }
}

function implementation(answers: Answers): UntypedServiceImplementation {
  const handlers: UntypedServiceImplementation = {};
  for (const [method, answer] of Object.entries(answers.unary ?? {})) {
    handlers[method] = (call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>) => {
      try {
        callback(null, answer(call.request as never));
      } catch (error) {
        callback(statusOf(error));
      }
    };
  }
  for (const [method, answer] of Object.entries(answers.stream ?? {})) {
    handlers[method] = async (call: ServerWritableStream<unknown, object>) => {
      try {
        for await (const message of answer(call.request as never)) call.write(message);
        call.end();
      } catch (error) {
        call.emit('error', Object.assign(new Error(), statusOf(error)));
      }
    };
  }
  return handlers;
}

function statusOf(thrown: unknown): { code: number; details: string } {
  const error = thrown instanceof BothendsError ? thrown : toBothendsError(thrown);
  return { code: grpcStatusOf(error.code), details: error.message };
}
