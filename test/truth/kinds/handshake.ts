import { converse, drawScript, playControl } from '../apps.js';
import { blocking, isSpared } from '../devices/loss.js';
import { SECOND } from '../sim/scheduler.js';
import { Flag, has, type Packet } from '../wire/packets.js';
import type { World } from '../world.js';
import { happened, type Kind, mainFlow, type Plot, somewhere, when } from './kind.js';

/** Long enough for a few SYNs, as people capture. */
const LENGTH_NS = 12 * SECOND;

function opensOnly(world: World): void {
  world.connect(world.random.integer(5_000, 9_000));
  playControl(world);
}

function talks(world: World): void {
  converse(world, drawScript(world, { ending: 'client-closes' }));
  playControl(world);
}

const isSyn = (packet: Packet) => has(packet, Flag.syn) && !has(packet, Flag.ack) && !isSpared(packet);
const isSynAck = (packet: Packet) => has(packet, Flag.syn | Flag.ack) && !isSpared(packet);

export const HANDSHAKE_KINDS: readonly Kind[] = [
  {
    name: 'no-listener',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play: opensOnly,
      expect: (world) => [{ code: 'rst-genuine', flow: mainFlow(world), sender: 'server', grade: 'strong' }],
    }),
  },
  {
    name: 'input-reject',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        world.server.ingress = (packet) => (isSpared(packet) ? 'accept' : 'reject');
        opensOnly(world);
      },
      expect: (world) => [{ code: 'rst-genuine', flow: mainFlow(world), sender: 'server', grade: 'likely' }],
    }),
  },
  {
    name: 'syn-lost',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [blocking(somewhere(random, environment), 'toward-server', ['syn'])],
      play: talks,
      expect: (world) => [{ code: 'syn-lost', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'syn-unanswered',
    lengthNs: LENGTH_NS,
    plot(random): Plot {
      const atIngress = random.chance(0.5);
      return {
        devices: [],
        play(world) {
          if (atIngress) world.server.ingress = (packet) => (isSyn(packet) ? 'drop' : 'accept');
          else world.server.egress = (packet) => (isSynAck(packet) ? 'drop' : 'accept');
          talks(world);
        },
        expect: (world) => [{ code: 'syn-unanswered', flow: mainFlow(world), grade: 'likely' }],
      };
    },
  },
  {
    name: 'syn-ack-lost',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [blocking(somewhere(random, environment), 'toward-client', ['syn-ack'])],
      play: talks,
      expect: (world) => [{ code: 'syn-ack-lost', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'handshake-ack-lost',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [blocking(somewhere(random, environment), 'toward-server', ['handshake-ack'])],
      // Data would complete the handshake: here the client only listens.
      play(world) {
        const port = world.random.integer(5_000, 9_000);
        world.server.listen(port, world.environment.tcp.server, () => {});
        world.connect(port);
      },
      expect: (world) => [{ code: 'handshake-ack-lost', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'accept-stalled',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const port = world.random.integer(5_000, 9_000);
        world.server.listen(port, world.environment.tcp.server, (connection) => {
          connection.acceptStalled = true;
        });
        const { flow } = world.connect(port);
        world.ledger.noteFlow(flow, { what: 'app', event: 'accept-stalled', side: 'server' });
      },
      expect: (world) => [{ code: 'accept-stalled', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'late-syn-ack',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const port = world.random.integer(5_000, 9_000);
        world.server.listen(port, world.environment.tcp.server, () => {});
        const { connection } = world.connect(port);
        const { delayNs } = world.environment.path;
        // The application gives up while the SYN is still on its way.
        world.scheduler.after(delayNs['toward-server'] / 2, () => connection.vanish());
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-sent' && deed.by === 'client'),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'client', grade: 'likely' },
        ),
    }),
  },
];
