import { once } from 'node:events';
import net from 'node:net';
import type { Conversation, Surroundings } from './conversation.js';
import { play } from './conversation.js';
import type { EndpointSpec } from './spec.js';

/** Listens until the process ends; every connection plays the steps. */
export function listenTcp(spec: EndpointSpec, around: Surroundings): void {
  let connections = 0;
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    connections += 1;
    void converse(socket, connections, spec, around);
  });
  server.on('error', (error) => around.say('error', 0, codeOf(error)));
  server.on('listening', () => {
    const { address, port } = server.address() as net.AddressInfo;
    around.say('listening', 0, `${address} ${port}`);
  });
  const backlog = spec.backlog === undefined ? {} : { backlog: spec.backlog };
  server.listen({ host: spec.address ?? '::', port: spec.port, ...backlog });
}

/** Connects once and plays the steps. */
export async function connectTcp(spec: EndpointSpec, around: Surroundings): Promise<void> {
  const { local = {}, address = 'localhost', port } = spec;
  const socket = net.connect({
    host: address,
    port,
    ...(local.address === undefined ? {} : { localAddress: local.address }),
    ...(local.port === undefined ? {} : { localPort: local.port }),
    allowHalfOpen: true,
    noDelay: true,
  });
  // Before the connection is up, so that nothing is read unless the spec says so.
  socket.pause();
  try {
    await once(socket, 'connect');
  } catch (error) {
    return around.say('error', 1, codeOf(error));
  }
  await converse(socket, 1, spec, around);
}

async function converse(
  socket: net.Socket,
  number: number,
  spec: EndpointSpec,
  around: Surroundings,
): Promise<void> {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (spec.keepAliveMs !== undefined) socket.setKeepAlive(true, spec.keepAliveMs);
  around.say('connected', number, `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`);
  const connection = new TcpConversation(socket, number, around);
  connection.setReading(spec.reading ?? true);
  try {
    await play(connection, spec.steps ?? [], around);
    await connection.close();
  } catch (error) {
    const code = codeOf(error);
    around.say(code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'error', number, code);
    socket.destroy();
  }
  around.say('closed', number, String(connection.received));
}

class TcpConversation implements Conversation {
  readonly number: number;
  readonly failed: Promise<never>;
  received = 0;
  readonly #socket: net.Socket;
  readonly #ended: Promise<void>;

  constructor(socket: net.Socket, number: number, around: Surroundings) {
    this.#socket = socket;
    this.number = number;
    this.failed = new Promise((_, reject) => socket.on('error', reject));
    // It is always handled: every wait races against it. Between two waits nothing would.
    this.failed.catch(() => undefined);
    this.#ended = new Promise((resolve) => {
      socket.on('end', () => {
        around.say('ended', number);
        resolve();
      });
    });
    socket.on('data', (data) => {
      this.received += data.length;
    });
    // A data listener starts the flow; `setReading` says whether it may.
    socket.pause();
  }

  async send(data: Buffer): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      this.#socket.write(data, (error) => (error ? reject(error) : resolve()));
    });
    await Promise.race([taken, this.failed]);
  }

  async reached(bytes: number): Promise<void> {
    const goal = this.received + bytes;
    const enough = new Promise<void>((resolve) => {
      const check = () => {
        if (this.received < goal) return;
        this.#socket.off('data', check);
        resolve();
      };
      this.#socket.on('data', check);
    });
    await Promise.race([enough, this.failed]);
  }

  async finished(onData: (data: Buffer) => void = () => undefined): Promise<void> {
    this.#socket.on('data', onData);
    this.setReading(true);
    await Promise.race([this.#ended, this.failed]);
    this.#socket.off('data', onData);
  }

  setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  async end(): Promise<void> {
    await Promise.race([new Promise<void>((resolve) => this.#socket.end(resolve)), this.failed]);
  }

  async close(): Promise<void> {
    await this.#gone(() => this.#socket.destroy());
  }

  async reset(): Promise<void> {
    await this.#gone(() => this.#socket.resetAndDestroy());
  }

  async #gone(act: () => void): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    act();
    await closed;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
