import { playStrangers } from './apps.js';
import { drawEnvironment, type Environment, type TapHealth } from './environment.js';
import { KINDS } from './kinds/index.js';
import type { Expectation, Kind } from './kinds/kind.js';
import { Random } from './random.js';
import type { Ledger } from './sim/ledger.js';
import { MS } from './sim/scheduler.js';
import { NO_TAP_FAULT } from './sim/tap.js';
import { type Captures, World } from './world.js';

/** One synthetic incident: two captures and what really happened. */
export interface Run {
  readonly kind: string;
  readonly seed: number;
  readonly health: TapHealth;
  readonly environment: Environment;
  readonly captures: Captures;
  readonly ledger: Ledger;
  readonly expectations: readonly Expectation[];
}

/** How many runs have taps that miss packets, start late or end early. */
const FAULTY_SHARE = 0.35;

/** How many of those lose exactly what matters: an interval around one of the deeds. */
const BLIND_SHARE = 0.3;

/** The run of a seed. The same arguments give the same bytes; `fixed` overrides what the seed would draw. */
export function generate(seed: number, only: readonly Kind[] = KINDS, fixed: Partial<Environment> = {}): Run {
  const run = play(seed, only, fixed);
  if (run.health === 'sound' || fixed.faults) return run;
  const random = new Random(seed ^ BLIND_SALT);
  const faults = random.chance(BLIND_SHARE) ? blindAtDeed(run, random) : null;
  return faults ? play(seed, only, { ...fixed, faults }) : run;
}

/** Makes the draws of blindness others than those of the story. */
const BLIND_SALT = 0x5bd1e995;

/** One tap is blind for a while around something that happened, and sees all else. */
function blindAtDeed({ ledger }: Run, random: Random): Environment['faults'] | null {
  const deeds = ledger.flows.flatMap((flow) => flow.deeds).filter((deed) => deed.what !== 'service');
  if (deeds.length === 0) return null;
  const { at } = random.pick(deeds);
  const outage = { fromNs: at - random.scale(MS, 200 * MS), toNs: at + random.scale(MS, 500 * MS) };
  const blind = { ...NO_TAP_FAULT, outages: [outage] };
  const side = random.pick(['client', 'server'] as const);
  return { client: NO_TAP_FAULT, server: NO_TAP_FAULT, [side]: blind };
}

function play(seed: number, only: readonly Kind[], fixed: Partial<Environment>): Run {
  const random = new Random(seed);
  const kind = random.pick(only);
  const health: TapHealth = random.chance(FAULTY_SHARE) ? 'faulty' : 'sound';
  const drawn = drawEnvironment(random.fork(), health, Math.min(kind.lengthNs, TALK_NS));
  const prepared = kind.prepare ? kind.prepare(drawn) : drawn;
  const environment = { ...prepared, ...fixed };
  const plot = kind.plot(random.fork(), environment);
  const world = new World(environment, random.fork(), plot.devices);
  plot.play(world);
  playStrangers(world);
  world.scheduler.run(kind.lengthNs);
  return {
    kind: kind.name,
    seed,
    health,
    environment,
    captures: world.captures(),
    ledger: world.ledger,
    expectations: plot.expect(world),
  };
}

/** Most of what happens in the short kinds happens in the first two seconds: tap faults aim there. */
const TALK_NS = 2_000_000_000;
