import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';

/** A fleet behind one address translation has a connection for each agent and a few for its people. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024;

/** Told of a peer that is turned away. */
export type TurnedAway = (address: string, reason: string) => void;

/** The listening socket in front of gRPC, which has no limit of its own on connections. */
export class FrontDoor {
  readonly #net: NetServer;
  readonly #connections = new Map<string, number>();
  readonly #turnedAway: TurnedAway;

  constructor(server: Server, credentials: ServerCredentials, turnedAway: TurnedAway) {
    const injector = server.createConnectionInjector(credentials);
    this.#turnedAway = turnedAway;
    this.#net = createServer((socket) => {
      if (this.#admit(socket)) injector.injectConnection(socket);
    });
  }

  /** Listens; resolves with the port. Rejects with the system's error. */
  async open(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#net.once('error', reject);
      this.#net.listen({ host, port }, () => {
        this.#net.off('error', reject);
        resolve();
      });
    });
    const address = this.#net.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Takes no more connections; those that are open are the server's to end. */
  close(): void {
    this.#net.close();
  }

  #admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    const open = this.#connections.get(address) ?? 0;
    if (open >= MAX_CONNECTIONS_PER_ADDRESS) {
      this.#turnedAway(address, `${open} connections are open from this address`);
      socket.destroy();
      return false;
    }
    this.#connections.set(address, open + 1);
    socket.once('close', () => {
      const left = (this.#connections.get(address) ?? 1) - 1;
      if (left > 0) this.#connections.set(address, left);
      else this.#connections.delete(address);
    });
    return true;
  }
}
