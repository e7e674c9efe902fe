import { lossy } from '../devices/loss.js';
import { duplicating, reordering } from '../devices/order.js';
import { shaping } from '../devices/queue.js';
import { bleachingEcn, clampingMss, corrupting, markingDscp } from '../devices/rewrite.js';
import type { Environment } from '../environment.js';
import type { Random } from '../random.js';
import type { Device } from '../sim/path.js';
import { MS, SECOND } from '../sim/scheduler.js';
import type { Direction } from '../wire/packets.js';
import { happened, type Kind, mainFlow, type Plot, somewhere, when } from './kind.js';
import { aborting, injectedBurst, routerReject } from './resets.js';

/** Several things go wrong on one path at once: what one of them does must not be laid at another's door. */

const LENGTH_NS = 8 * SECOND;
const MOST_NUISANCES = 3;

/** Devices that hurt without ending a connection; each is placed and tuned anew. */
const NUISANCES: readonly ((random: Random, router: number, toward: Direction) => Device)[] = [
  (random, router, toward) => lossy(router, toward, ['data'], random.scale(0.01, 0.1)),
  (random, router, toward) => lossy(router, toward, ['ack'], random.scale(0.01, 0.2)),
  (random, router, toward) =>
    reordering(router, toward, random.scale(0.01, 0.1), random.scale(0.5 * MS, 10 * MS)),
  (random, router, toward) =>
    duplicating(router, toward, random.scale(0.01, 0.1), random.scale(0.01 * MS, 10 * MS)),
  (random, router, toward) => corrupting(router, toward, () => random.chance(0.03), random.chance(0.5)),
  (random, router, toward) => markingDscp(router, toward, random.pick([8, 46])),
  (random, router, toward) => shaping(router, toward, random.scale(30_000, 1_000_000), 100_000),
  (_random, router, toward) => bleachingEcn(router, toward),
  (_random, router) => clampingMss(router, 1_200),
];

function nuisances(random: Random, environment: Environment): Device[] {
  return Array.from({ length: random.integer(1, MOST_NUISANCES) }, () => {
    const toward = random.pick<Direction>(['toward-server', 'toward-client']);
    return random.pick(NUISANCES)(random, somewhere(random, environment), toward);
  });
}

/** The plot of another kind on a path that has troubles of its own. */
const amid =
  (plot: Kind['plot']): Kind['plot'] =>
  (random, environment): Plot => {
    const story = plot(random, environment);
    return { ...story, devices: [...story.devices, ...nuisances(random, environment)] };
  };

/** Nothing but the nuisances; of these, one that is always told when it happens. */
const troubled = (random: Random, environment: Environment): Plot => {
  const abort = aborting(random.pick(['client', 'server'] as const))(random, environment);
  return {
    ...abort,
    devices: nuisances(random, environment),
    expect: (world) =>
      when(
        happened(world, (deed) => deed.what === 'rst-sent' && deed.cause === 'abort'),
        { code: 'rst-genuine', flow: mainFlow(world), grade: 'likely' },
      ),
  };
};

export const SEVERAL_KINDS: readonly Kind[] = [
  { name: 'several-and-abort', lengthNs: LENGTH_NS, plot: troubled },
  { name: 'several-and-forged', lengthNs: LENGTH_NS, plot: amid(routerReject('toward-server')) },
  { name: 'several-and-injected', lengthNs: LENGTH_NS, plot: amid(injectedBurst(['toward-client'])) },
];
