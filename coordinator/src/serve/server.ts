import type { Server as TlsServer } from 'node:tls';
import { BothendsError } from '@bothends/proto';
import {
  type AgentLinkServer,
  AgentLinkService,
  type JoinServer,
  JoinService,
} from '@bothends/proto/gen/bothends/v1/agent';
import { type BothendsServer, BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { logVerbosity, Server, type ServerInterceptor, setLogVerbosity } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { splitHostPort } from '../addresses.js';
import { FrontDoor, type TurnedAway } from './guard/front-door.js';
import { addReflection } from './reflection.js';

/** A batch of 8192 rows takes up to 400 kB; nothing that a peer sends is legitimately larger than this. */
const MAX_RECEIVE_BYTES = 4 * 1024 * 1024;
/** One agent needs two streams and a person a few; more on one connection is a mistake or an attack. */
export const MAX_STREAMS = 100;
/** A peer that vanished without a FIN is noticed within 15 s. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
/** Lets one agent fill a link of 1 Gbit/s and 8 ms; HTTP/2's own 64 kB would not. */
const FLOW_CONTROL_WINDOW = 1024 * 1024;
/** How long open streams may take to end by themselves when the coordinator stops. */
const SHUTDOWN_MS = 500;

export interface Services {
  join: JoinServer;
  agentLink: AgentLinkServer;
  bothends: BothendsServer;
}

/** A server with all services, not yet listening. */
export function createServer(services: Services, interceptor: ServerInterceptor): Server {
  // What grpc-js would print to stderr reaches us as an error as well, and is told in our own words.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW,
    interceptors: [interceptor],
  });
  server.addService(JoinService, services.join);
  server.addService(AgentLinkService, services.agentLink);
  server.addService(BothendsService, services.bothends);
  new HealthImplementation({ '': 'SERVING', 'bothends.v1.Bothends': 'SERVING' }).addToServer(server);
  addReflection(server);
  return server;
}

/** Where a server listens. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections. */
  close(): void;
}

/**
 * Listens; the port differs from the wanted one only where that was 0.
 * @throws BothendsError `unavailable` when the port is taken, `invalid-argument` for an address that is not ours
 */
export async function listen(
  server: Server,
  address: string,
  tls: TlsServer,
  turnedAway: TurnedAway,
): Promise<Listener> {
  const door = new FrontDoor(server, tls, turnedAway);
  const { host, port } = splitHostPort(address);
  try {
    const taken = await door.open(host, port ?? 0);
    return { port: taken, close: () => door.close() };
  } catch (cause) {
    throw listenError(address, cause as Error);
  }
}

function listenError(address: string, cause: Error): BothendsError {
  if (cause.message.includes('EADDRINUSE')) {
    return new BothendsError(
      'unavailable',
      `${address} is in use by another process: stop it (see "ss -ltnp"), or give another --listen address`,
      { cause },
    );
  }
  if (cause.message.includes('EACCES')) {
    return new BothendsError('permission-denied', `${address} may not be used: ports below 1024 need root`, {
      cause,
    });
  }
  if (cause.message.includes('EADDRNOTAVAIL')) {
    return new BothendsError(
      'invalid-argument',
      `${address} is not an address of this host: give --listen one of its own (see "ip address"), or 0.0.0.0`,
      { cause },
    );
  }
  return new BothendsError('invalid-argument', `cannot listen on ${address}: ${cause.message}`, { cause });
}

/** Lets calls end for a moment, then cuts them: streams of agents have no end of their own. */
export async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, SHUTDOWN_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
