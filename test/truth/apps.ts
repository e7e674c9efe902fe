import { SPARED_PORT } from './devices/loss.js';
import type { FlowLedger } from './sim/ledger.js';
import { MS, SECOND } from './sim/scheduler.js';
import type { TcpConnection } from './sim/tcp/connection.js';
import type { World } from './world.js';

/** A request and response conversation, the commonest thing on a network. */
export interface Script {
  readonly serverPort: number;
  readonly requests: number;
  readonly request: (index: number) => Uint8Array;
  readonly response: (index: number) => Uint8Array;
  /** Server's time from a whole request to its response. */
  readonly thinkNs: number;
  /** Client's pause before the request of this index. */
  readonly pauseNs: (index: number) => number;
  readonly ending: 'client-closes' | 'server-closes' | 'stays-open';
}

export interface Conversation {
  readonly flow: FlowLedger;
  readonly client: TcpConnection;
  /** The server's end once it has answered the SYN. */
  server: TcpConnection | null;
}

/** A script with sizes and pauses drawn from the world's randomness. */
export function drawScript(world: World, changes: Partial<Script> = {}): Script {
  const { random } = world;
  const requestBytes = random.integer(20, 1_200);
  const responseBytes = Math.round(random.scale(100, 120_000));
  const pause = random.scale(MS, 300 * MS);
  return {
    serverPort: random.integer(5_000, 9_000),
    requests: random.integer(2, 6),
    request: () => world.payload(requestBytes),
    response: () => world.payload(responseBytes),
    thinkNs: random.scale(0.1 * MS, 30 * MS),
    pauseNs: () => pause,
    ending: random.pick(['client-closes', 'server-closes', 'stays-open']),
    ...changes,
  };
}

/** Plays a script between client and server, starting now. */
export function converse(world: World, script: Script): Conversation {
  const sizes = Array.from({ length: script.requests }, (_, index) => ({
    request: script.request(index),
    response: script.response(index),
  }));
  let conversation: Conversation | null = null;
  world.server.listen(script.serverPort, world.environment.tcp.server, (connection) => {
    if (conversation) conversation.server = connection;
    serve(world, script, connection, sizes);
  });
  const { flow, connection } = world.connect(script.serverPort);
  world.ledger.noteFlow(flow, { what: 'service', durationNs: script.thinkNs });
  conversation = { flow, client: connection, server: null };
  ask(world, script, connection, sizes);
  return conversation;
}

type Exchange = { readonly request: Uint8Array; readonly response: Uint8Array };

function serve(world: World, script: Script, server: TcpConnection, exchanges: readonly Exchange[]): void {
  let served = 0;
  let due = exchanges[0].request.length;
  server.on.data = (total) => {
    while (served < exchanges.length && total >= due) {
      const { response } = exchanges[served++];
      due += exchanges[served]?.request.length ?? Number.POSITIVE_INFINITY;
      world.scheduler.after(script.thinkNs, () => server.write(response));
      const last = served === exchanges.length && script.ending === 'server-closes';
      if (last) world.scheduler.after(script.thinkNs + MS, () => server.close());
    }
  };
  server.on.finished = () => world.scheduler.after(script.thinkNs, () => server.close());
}

function ask(world: World, script: Script, client: TcpConnection, exchanges: readonly Exchange[]): void {
  let asked = 0;
  let due = 0;
  const next = () => {
    if (asked < exchanges.length) {
      due += exchanges[asked].response.length;
      const { request } = exchanges[asked];
      world.scheduler.after(script.pauseNs(asked++), () => client.write(request));
    } else if (script.ending === 'client-closes') client.close();
  };
  client.on.established = next;
  client.on.data = (total) => {
    if (total >= due) next();
  };
  client.on.finished = () => world.scheduler.after(MS, () => client.close());
}

/** How often a run has a conversation beside the one that fails. */
const CONTROL_SHARE = 0.7;

/** Now and then, a small conversation that nothing blocks: for some 10 s it shows that path and taps work. */
export function playControl(world: World): void {
  if (!world.random.chance(CONTROL_SHARE)) return;
  const bytes = () => world.payload(400);
  const pauseNs = () => world.random.between(SECOND, 4 * SECOND);
  const script = { serverPort: SPARED_PORT, requests: 5, request: bytes, response: bytes, pauseNs };
  converse(world, drawScript(world, { ...script, ending: 'client-closes' }));
}

/** Unrelated connections between one tapped host and a stranger; some fail in ways that invite false blame. */
export function playStrangers(world: World): void {
  for (let index = 0; index < world.environment.strangers; index++) {
    const own = index % 2 === 0 ? world.client : world.server;
    const tuple = {
      local: own === world.client ? world.addresses.client : world.addresses.server,
      localPort: world.takePort(),
      remote: world.addresses.stranger,
      remotePort: world.random.integer(9_001, 9_900),
    };
    const fate = world.random.pick(['talks', 'refused', 'unanswered'] as const);
    if (fate === 'talks')
      world.stranger.listen(tuple.remotePort, world.environment.tcp.server, (connection) => {
        connection.on.data = () => connection.write(world.payload(300));
      });
    if (fate === 'unanswered')
      world.stranger.ingress = (packet) => {
        const { transport } = packet;
        return transport.protocol === 'tcp' && transport.destinationPort === tuple.remotePort
          ? 'drop'
          : 'accept';
      };
    world.scheduler.after(world.random.between(0, SECOND), () => {
      const connection = own.connect(tuple, world.environment.tcp.client);
      connection.on.established = () => connection.write(world.payload(200));
    });
  }
}
