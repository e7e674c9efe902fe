import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Of one address, in TLS or on their way there. Nobody needs more to join, and what one costs is known: some 30 kB. */
const MAX_STRANGERS = 1024;
/**
 * Of one address with a certificate of ours: two thousand agents behind an address translation, and as many connections again
 * while they are made anew.
 */
const MAX_MEMBERS = 4096;

/** Connections of one address. */
interface Open {
  all: number;
  members: number;
}

/** Told of a peer that is turned away. */
export type TurnedAway = (address: string, reason: string) => void;

/** The listening socket and TLS in front of gRPC, which has no limit of its own on connections, and no word for who fails. */
export class FrontDoor {
  readonly #net: NetServer;
  readonly #open = new Map<string, Open>();
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
      this.#recognise(socket);
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
    const open = this.#open.get(address) ?? { all: 0, members: 0 };
    if (open.all - open.members >= MAX_STRANGERS || open.all >= MAX_MEMBERS) {
      this.#turnAway(socket, `${open.all} connections are open from this address`);
      return false;
    }
    this.#open.set(address, open);
    open.all++;
    socket.once('close', () => {
      open.all--;
      if (open.all === 0) this.#open.delete(address);
    });
    return true;
  }

  /** From here on a connection with a certificate of ours counts as one; whether it still holds is asked with each call. */
  #recognise(socket: TLSSocket): void {
    const open = this.#open.get(socket.remoteAddress ?? '');
    if (open === undefined || !socket.authorized) return;
    open.members++;
    socket.once('close', () => {
      open.members--;
    });
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
