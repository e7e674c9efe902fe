import { converse, drawScript } from '../apps.js';
import { announcedHole } from '../devices/hole.js';
import { blackHole, lossy } from '../devices/loss.js';
import { duplicating, reordering } from '../devices/order.js';
import { policing } from '../devices/police.js';
import { shaping } from '../devices/queue.js';
import {
  bleachingEcn,
  clampingMss,
  corrupting,
  markingDscp,
  type Strippable,
  strippingOption,
} from '../devices/rewrite.js';
import type { Environment } from '../environment.js';
import type { Random } from '../random.js';
import type { Deed, Role } from '../sim/ledger.js';
import { type Device, opposite } from '../sim/path.js';
import { MS, SECOND } from '../sim/scheduler.js';
import type { Direction } from '../wire/packets.js';
import type { World } from '../world.js';
import { type Expectation, happened, type Kind, keepsPayload, mainFlow, somewhere, when } from './kind.js';

const LENGTH_NS = 10 * SECOND;
const BULK_BYTES = { from: 20_000, to: 200_000 } as const;

/** A small exchange, then a transfer whose bulk goes in one direction. */
function bulk(world: World, toward: Direction): void {
  const size = Math.round(world.random.scale(BULK_BYTES.from, BULK_BYTES.to));
  const small = () => world.payload(200);
  const large = (index: number) => world.payload(index === 0 ? 300 : size);
  const up = toward === 'toward-server';
  const script = { requests: 2, request: up ? large : small, response: up ? small : large };
  converse(world, drawScript(world, { ...script, ending: 'client-closes', pauseNs: () => MS }));
}

/** A kind in which one device does one thing to a bulk transfer; the toss of a coin picks the direction. */
function meddling(
  name: string,
  expected: Omit<Expectation, 'flow' | 'grade'> & { directed: boolean },
  evidence: (deed: Deed) => boolean,
  device: (random: Random, router: number, toward: Direction, environment: Environment) => Device,
  prepare?: Kind['prepare'],
): Kind {
  return {
    name,
    lengthNs: LENGTH_NS,
    ...(prepare && { prepare }),
    plot(random, environment) {
      const toward = random.pick<Direction>(['toward-server', 'toward-client']);
      return {
        devices: [device(random, somewhere(random, environment), toward, environment)],
        play: (world) => bulk(world, toward),
        expect: (world) => {
          const { code, directed } = expected;
          const direction = directed ? { direction: toward } : {};
          return when(
            happened(world, evidence) && (code !== 'payload-altered' || keepsPayload(environment)),
            {
              code,
              flow: mainFlow(world),
              grade: 'likely',
              ...direction,
            },
          );
        },
      };
    },
  };
}

const changed = (change: string) => (deed: Deed) => deed.what === 'changed' && deed.change === change;
const lost =
  (...roles: Role[]) =>
  (deed: Deed) =>
    deed.what === 'path-dropped' && roles.includes(deed.role);

const withEcn = (environment: Environment): Environment => ({
  ...environment,
  tcp: { client: { ...environment.tcp.client, ecn: true }, server: { ...environment.tcp.server, ecn: true } },
});

/** Full segments must not fit the hole: jumbo or not, every MSS here is above what it lets pass. */
const HOLE_MTU = { from: 900, to: 1_300 } as const;

export const TRANSFER_KINDS: readonly Kind[] = [
  {
    name: 'healthy',
    lengthNs: LENGTH_NS,
    plot: () => ({ devices: [], play: (world) => void converse(world, drawScript(world)), expect: () => [] }),
  },
  {
    name: 'healthy-bulk',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play: (world) => bulk(world, random.pick<Direction>(['toward-server', 'toward-client'])),
      expect: () => [],
    }),
  },
  meddling('data-loss', { code: 'data-loss', directed: true }, lost('data'), (random, router, toward) =>
    lossy(router, toward, ['data'], random.scale(0.01, 0.15)),
  ),
  meddling('policed', { code: 'data-loss', directed: true }, lost('data'), (random, router, toward) =>
    policing(router, toward, random.scale(20_000, 200_000), random.integer(20_000, 60_000)),
  ),
  meddling(
    'ack-loss',
    { code: 'ack-loss', directed: false },
    lost('ack'),
    // ACKs of the bulk flow against it.
    (random, router, toward) => lossy(router, opposite(toward), ['ack'], random.scale(0.05, 0.4)),
  ),
  meddling(
    'pmtu-black-hole',
    { code: 'pmtu-black-hole', directed: true },
    lost('data'),
    (random, router, toward) => blackHole(router, toward, random.integer(HOLE_MTU.from, HOLE_MTU.to)),
  ),
  meddling(
    'pmtu-icmp-ignored',
    { code: 'pmtu-black-hole', directed: true },
    lost('data'),
    (random, router, toward) => announcedHole(router, toward, random.integer(HOLE_MTU.from, HOLE_MTU.to)),
    // A translation of the server's address beyond the hole would have to set the quotes right.
    (environment) => ({ ...environment, virtualServer: false }),
  ),
  meddling('queue-overflow', { code: 'data-loss', directed: true }, lost('data'), (random, router, toward) =>
    shaping(router, toward, random.scale(20_000, 500_000), random.integer(6_000, 40_000)),
  ),
  meddling(
    'reordering',
    { code: 'reordering', directed: true },
    (deed) => deed.what === 'reordered',
    (random, router, toward) =>
      reordering(router, toward, random.scale(0.02, 0.2), random.scale(0.5 * MS, 20 * MS)),
  ),
  meddling(
    'duplication',
    { code: 'duplication', directed: true },
    (deed) => deed.what === 'duplicated',
    (random, router, toward) =>
      duplicating(router, toward, random.scale(0.02, 0.2), random.scale(0.01 * MS, 20 * MS)),
  ),
  meddling(
    'corrupted',
    { code: 'payload-altered', directed: true },
    changed('payload'),
    (random, router, toward) => corrupting(router, toward, () => random.chance(0.05), random.chance(0.5)),
  ),
  meddling('mss-clamped', { code: 'mss-clamped', directed: false }, changed('mss'), (random, router) =>
    clampingMss(router, random.pick([1_300, 1_200, 536])),
  ),
  meddling(
    'options-stripped',
    { code: 'options-stripped', directed: false },
    changed('options'),
    (random, router) =>
      strippingOption(router, random.pick<Strippable>(['windowScale', 'sackPermitted', 'timestamps'])),
  ),
  meddling(
    'dscp-changed',
    { code: 'dscp-changed', directed: true },
    changed('dscp'),
    (random, router, toward) => markingDscp(router, toward, random.pick([8, 46])),
  ),
  meddling(
    'ecn-bleached',
    { code: 'ecn-bleached', directed: true },
    changed('ecn'),
    (_random, router, toward) => bleachingEcn(router, toward),
    withEcn,
  ),
  {
    name: 'loss-in-sender',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play(world) {
        const probability = random.scale(0.01, 0.05);
        const isData = (length: number) => length > 0;
        world.client.egress = ({ transport }) => {
          const data = transport.protocol === 'tcp' && isData(transport.data.length);
          return data && random.chance(probability) ? 'drop' : 'accept';
        };
        bulk(world, 'toward-server');
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'host-dropped'),
          { code: 'loss-in-sender', flow: mainFlow(world), grade: 'likely' },
        ),
    }),
  },
];
