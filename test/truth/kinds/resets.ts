import { type Conversation, converse, drawScript, playControl, type Script } from '../apps.js';
import { rejecting } from '../devices/firewall.js';
import { type Burst, injecting } from '../devices/injector.js';
import { blocking, isSpared } from '../devices/loss.js';
import type { Environment } from '../environment.js';
import type { Random } from '../random.js';
import { roleOf } from '../sim/ledger.js';
import { MS, SECOND } from '../sim/scheduler.js';
import type { TcpConnection } from '../sim/tcp/connection.js';
import type { Direction, Side, TcpPacket } from '../wire/packets.js';
import type { World } from '../world.js';
import { happened, type Kind, mainFlow, type Plot, somewhere, when } from './kind.js';

const LENGTH_NS = 8 * SECOND;

/** True from the n-th data segment in one direction on, per run. */
function fromData(n: number, toward: Direction): (packet: TcpPacket, direction: Direction) => boolean {
  let seen = 0;
  return (packet, direction) => {
    if (direction !== toward || isSpared(packet)) return false;
    if (roleOf(packet) === 'data') seen++;
    return seen >= n;
  };
}

/** A conversation that goes on long enough for a reset in its middle to hurt. */
export function longTalk(world: World, changes: Partial<Script> = {}): Conversation {
  const talk = converse(world, drawScript(world, { requests: 8, ...changes }));
  playControl(world);
  return talk;
}

function drawTtl(random: Random): number {
  return random.pick([32, 60, 64, 128, 255]);
}

/** A router that rejects toward one end; `victim` is told that the other end reset. */
export function routerReject(victim: Direction): Kind['plot'] {
  const spoken: Direction = victim === 'toward-server' ? 'toward-client' : 'toward-server';
  return (random: Random, environment: Environment): Plot => ({
    devices: [
      rejecting(somewhere(random, environment), fromData(random.integer(2, 5), spoken), {
        ttl: drawTtl(random),
      }),
    ],
    play: (world) => void longTalk(world),
    expect: (world) =>
      when(
        happened(world, (deed) => deed.what === 'injected'),
        { code: 'rst-forged', flow: mainFlow(world), direction: victim, grade: 'likely' },
      ),
  });
}

/** Shapes of published injectors: constant, spread and single bursts, mirrored or odd TTLs. */
function drawBurst(random: Random): Burst {
  const ttl = random.pick<Burst['ttl']>(['mirrored', () => 64, () => 128, (index) => 80 + 17 * index]);
  return {
    offsets: random.pick([[0], [0, 0, 0], [0, 1460, 4380], [0, 12_503]]),
    acknowledges: random.chance(0.7),
    ttl,
    window: random.pick([0, 0, 8192, random.integer(1, 65_535)]),
    reactionNs: random.scale(5_000, 300_000),
  };
}

export function injectedBurst(toward: readonly Direction[]): Kind['plot'] {
  return (random, environment): Plot => ({
    devices: [
      injecting({
        router: somewhere(random, environment),
        burst: drawBurst(random),
        toward,
        inline: random.chance(0.5),
        triggers: fromData(random.integer(1, 3), 'toward-server'),
      }),
    ],
    play: (world) => void longTalk(world),
    expect: (world) =>
      when(
        happened(world, (deed) => deed.what === 'injected'),
        {
          code: 'rst-forged',
          flow: mainFlow(world),
          direction: toward.length > 1 ? 'both' : toward[0],
          grade: 'likely',
        },
      ),
  });
}

/** Opens the conversation's tuple anew. */
export function reconnect(world: World, { flow }: Conversation): TcpConnection {
  const remote = world.serverAddress;
  const { clientPort, serverPort } = flow;
  const tuple = { local: world.addresses.client, localPort: clientPort, remote, remotePort: serverPort };
  world.ledger.noteFlow(flow, { what: 'app', event: 'port-reused', side: 'client' });
  return world.client.connect(tuple, world.environment.tcp.client);
}

/** Aborts in mid-conversation. */
export function aborting(side: Side): Kind['plot'] {
  return (random): Plot => ({
    devices: [],
    play(world) {
      const talk = longTalk(world, { ending: 'stays-open' });
      const end = () => (side === 'client' ? talk.client : talk.server);
      world.scheduler.after(random.between(50 * MS, 900 * MS), () => end()?.abort());
    },
    expect: (world) =>
      when(
        happened(world, (deed) => deed.what === 'rst-sent' && deed.by === side),
        { code: 'rst-genuine', flow: mainFlow(world), sender: side, grade: 'strong' },
      ),
  });
}

export const RESET_KINDS: readonly Kind[] = [
  { name: 'forged-to-server', lengthNs: LENGTH_NS, plot: routerReject('toward-server') },
  { name: 'forged-to-client', lengthNs: LENGTH_NS, plot: routerReject('toward-client') },
  { name: 'injected-to-both', lengthNs: LENGTH_NS, plot: injectedBurst(['toward-server', 'toward-client']) },
  { name: 'injected-to-client', lengthNs: LENGTH_NS, plot: injectedBurst(['toward-client']) },
  { name: 'injected-to-server', lengthNs: LENGTH_NS, plot: injectedBurst(['toward-server']) },
  { name: 'abort-by-client', lengthNs: LENGTH_NS, plot: aborting('client') },
  { name: 'abort-by-server', lengthNs: LENGTH_NS, plot: aborting('server') },
  {
    name: 'closed-earlier',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const { random } = world;
        const { client, flow: _flow } = longTalk(world, {
          requests: 1,
          ending: 'server-closes',
          pauseNs: () => MS,
        });
        // The client has not noticed the close and sends once more.
        client.on.finished = () =>
          world.scheduler.after(random.between(10 * MS, SECOND), () => client.write(world.payload(200)));
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-sent' && deed.by === 'server'),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'server', grade: 'likely' },
        ),
    }),
  },
  {
    name: 'server-restarted',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play(world) {
        longTalk(world, { requests: 6, pauseNs: () => 400 * MS });
        world.scheduler.after(random.between(500 * MS, 1_200 * MS), () => world.server.forgetAll());
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-sent' && deed.by === 'server'),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'server', grade: 'likely' },
        ),
    }),
  },
  {
    name: 'port-reused',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play(world) {
        const talk = longTalk(world, { requests: 2, ending: 'stays-open' });
        world.scheduler.after(random.between(2 * SECOND, 4 * SECOND), () => {
          world.client.forgetAll();
          reconnect(world, talk);
        });
      },
      expect: (world) => [{ code: 'port-reuse', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'rst-lost',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [blocking(somewhere(random, environment), 'toward-server', ['rst'])],
      play(world) {
        const { client } = longTalk(world, { ending: 'stays-open' });
        world.scheduler.after(random.between(100 * MS, 900 * MS), () => client.abort());
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'path-dropped' && deed.role === 'rst'),
          { code: 'rst-lost', flow: mainFlow(world), direction: 'toward-server', grade: 'likely' },
        ),
    }),
  },
  {
    name: 'rst-ignored',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [
        injecting({
          router: somewhere(random, environment),
          // Never the exact number: RFC 5961 asks for a challenge, not a reset.
          burst: { ...drawBurst(random), offsets: [random.integer(50, 3_000)] },
          toward: ['toward-server'],
          inline: false,
          triggers: fromData(2, 'toward-server'),
        }),
      ],
      play: (world) => void longTalk(world, { response: () => world.payload(400) }),
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-ignored') &&
            !happened(world, (deed) => deed.what === 'killed'),
          { code: 'rst-ignored', flow: mainFlow(world), grade: 'likely' },
        ),
    }),
  },
];
