import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** A fleet behind one address translation has a connection for each agent and a few for its people. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024;

/** Told of a peer that is turned away. */
export type TurnedAway = (address: string, reason: string) => void;

/** The listening socket and TLS in front of gRPC, which has no limit of its own on connections, and no word for who fails. */
export class FrontDoor {
  readonly #net: NetServer;
  readonly #connections = new Map<string, number>();
  readonly #turnedAway: TurnedAway;

  constructor(server: Server, tls: TlsServer, turnedAway: TurnedAway) {
    // What it is given is encrypted already.
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#turnedAway = turnedAway;
    this.#net = createServer((socket) => {
      if (this.#admit(socket)) tls.emit('connection', socket);
    });
    tls.on('secureConnection', (socket) => {
      socket.on('error', () => {
        // A connection that breaks is an end like any other; its streams know.
      });
      if (socket.alpnProtocol === 'h2') injector.injectConnection(socket);
      else this.#turnAway(socket, 'it speaks TLS, and no HTTP/2');
    });
    tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => this.#failed(error, socket));
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
      this.#turnAway(socket, `${open} connections are open from this address`);
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

  /** No TLS came about. A peer that only went away, as port scans and health checks do, is no news. */
  #failed({ code, message }: NodeJS.ErrnoException, socket: TLSSocket): void {
    if (code === 'ECONNRESET') socket.destroy();
    else this.#turnAway(socket, `no TLS came about: ${message}`);
  }

  #turnAway(socket: Socket, reason: string): void {
    this.#turnedAway(socket.remoteAddress ?? '', reason);
    socket.destroy();
  }
}
