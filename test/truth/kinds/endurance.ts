import { converse, drawScript, playControl } from '../apps.js';
import { dropping, isSpared } from '../devices/loss.js';
import { MS, SECOND } from '../sim/scheduler.js';
import type { TcpConnection } from '../sim/tcp/connection.js';
import type { World } from '../world.js';
import { happened, type Kind, mainFlow, when } from './kind.js';

/** Connections that last: kept alive without data, or open in one direction only. */

const LENGTH_NS = 20 * SECOND;
/** When the conversation is over and nothing but keepalives goes on. */
const QUIET_NS = 3 * SECOND;
const PROBE_NS = SECOND;
const PROBES = 5;

function keepAlive(world: World, connection: TcpConnection, then: () => void): void {
  for (let n = 0; n < PROBES; n++) {
    world.scheduler.after(QUIET_NS + n * PROBE_NS, () => connection.sendProbe());
  }
  world.scheduler.after(QUIET_NS + PROBES * PROBE_NS, then);
}

/** A short exchange, after which the connection stays open. */
const exchange = (world: World) =>
  converse(
    world,
    drawScript(world, {
      requests: 2,
      response: () => world.payload(400),
      pauseNs: () => 20 * MS,
      ending: 'stays-open',
    }),
  );

export const ENDURANCE_KINDS: readonly Kind[] = [
  {
    name: 'healthy-kept-alive',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const talk = exchange(world);
        keepAlive(world, talk.client, () => talk.client.close());
      },
      expect: () => [],
    }),
  },
  {
    name: 'keepalive-expired',
    lengthNs: LENGTH_NS,
    plot: (_random, { path }) => ({
      devices: [
        dropping(path.hops, 'rule', (packet, _toward, box) => box.now >= QUIET_NS - MS && !isSpared(packet)),
      ],
      play(world) {
        const talk = exchange(world);
        playControl(world);
        keepAlive(world, talk.client, () => talk.client.abort('keepalive-expired'));
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-sent' && deed.by === 'client'),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'client', grade: 'strong' },
        ),
    }),
  },
  {
    name: 'half-closed',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play(world) {
        const aborts = random.chance(0.5);
        world.server.listen(7_000, world.environment.tcp.server, (server) => {
          server.on.finished = () => {
            for (let n = 0; n < 6; n++)
              world.scheduler.after(n * 700 * MS, () => server.write(world.payload(900)));
            world.scheduler.after(5 * SECOND, () => (aborts ? server.abort() : server.close()));
          };
        });
        const { connection } = world.connect(7_000);
        connection.on.established = () => {
          connection.write(world.payload(300));
          connection.shutdown();
        };
        playControl(world);
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-sent' && deed.by === 'server'),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'server', grade: 'strong' },
        ),
    }),
  },
];
