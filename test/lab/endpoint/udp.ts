import dgram from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Conversation, Surroundings } from './conversation.js';
import { play } from './conversation.js';
import type { EndpointSpec } from './spec.js';
import { codeOf } from './tcp.js';

/** Listens until the process ends; the first datagram of every new sender starts the steps for it. */
export function listenUdp(spec: EndpointSpec, around: Surroundings): void {
  const socket = socketFor(spec);
  const peers = new Map<string, UdpConversation>();
  socket.on('error', (error) => around.say('error', 0, codeOf(error)));
  socket.on('listening', () => {
    const { address, port } = socket.address();
    if (spec.ttl !== undefined) socket.setTTL(spec.ttl);
    around.say('listening', 0, `${address} ${port}`);
  });
  socket.on('message', (data, { address, port }) => {
    const key = `${address} ${port}`;
    const known = peers.get(key);
    if (known) return known.take(data);
    const send = (payload: Buffer) => sendTo(socket, payload, port, address);
    const peer = new UdpConversation(peers.size + 1, send);
    peers.set(key, peer);
    around.say('connected', peer.number, `${spec.address ?? '::'} ${spec.port} ${key}`);
    peer.take(data);
    void converse(peer, spec, around);
  });
  socket.bind(spec.port, spec.address);
}

/** Connects the socket, so that ICMP errors come back as error codes, and plays the steps. */
export async function connectUdp(spec: EndpointSpec, around: Surroundings): Promise<void> {
  const socket = socketFor(spec);
  if (spec.local) socket.bind(spec.local.port ?? 0, spec.local.address);
  socket.connect(spec.port, spec.address ?? 'localhost');
  await once(socket, 'connect');
  if (spec.ttl !== undefined) socket.setTTL(spec.ttl);
  const local: AddressInfo = socket.address();
  const peer = new UdpConversation(1, (data) => sendTo(socket, data));
  socket.on('message', (data) => peer.take(data));
  socket.on('error', (error) => peer.fail(error));
  around.say('connected', 1, `${local.address} ${local.port} ${spec.address} ${spec.port}`);
  await converse(peer, spec, around);
  socket.close();
}

function socketFor(spec: EndpointSpec): dgram.Socket {
  return dgram.createSocket(spec.address?.includes('.') ? 'udp4' : 'udp6');
}

function sendTo(socket: dgram.Socket, data: Buffer, port?: number, address?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null) => (error ? reject(error) : resolve());
    if (port === undefined) socket.send(data, done);
    else socket.send(data, port, address, done);
  });
}

async function converse(peer: UdpConversation, spec: EndpointSpec, around: Surroundings): Promise<void> {
  try {
    await play(peer, spec.steps ?? [], around);
  } catch (error) {
    around.say('error', peer.number, codeOf(error));
  }
  around.say('closed', peer.number, String(peer.received));
}

/** UDP knows no end of a conversation: steps that need one are refused. */
class UdpConversation implements Conversation {
  readonly number: number;
  readonly failed: Promise<never>;
  readonly send: (data: Buffer) => Promise<void>;
  received = 0;
  fail: (error: Error) => void = () => undefined;
  readonly #listeners = new Set<(data: Buffer) => void>();

  constructor(number: number, send: (data: Buffer) => Promise<void>) {
    this.number = number;
    this.send = send;
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => undefined);
  }

  take(data: Buffer): void {
    this.received += data.length;
    for (const listener of this.#listeners) listener(data);
    // Answering the datagram that began the conversation too: `finished` comes after it.
    if (this.#listeners.size === 0) this.#waiting.push(data);
  }

  readonly #waiting: Buffer[] = [];

  async reached(bytes: number): Promise<void> {
    let missing = bytes - this.#waiting.splice(0).reduce((sum, data) => sum + data.length, 0);
    if (missing <= 0) return;
    const enough = new Promise<void>((resolve) => {
      const count = (data: Buffer) => {
        missing -= data.length;
        if (missing > 0) return;
        this.#listeners.delete(count);
        resolve();
      };
      this.#listeners.add(count);
    });
    await Promise.race([enough, this.failed]);
  }

  async finished(onData: (data: Buffer) => void = () => undefined): Promise<void> {
    for (const data of this.#waiting.splice(0)) onData(data);
    this.#listeners.add(onData);
    await this.failed;
  }

  setReading(): void {
    refuse('stall or resume reading');
  }

  end(): Promise<void> {
    return refuse('end one direction');
  }

  async close(): Promise<void> {}

  reset(): Promise<void> {
    return refuse('reset');
  }
}

function refuse(what: string): never {
  throw new RangeError(`UDP cannot ${what}`);
}
