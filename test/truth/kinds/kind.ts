import type { Grade, VerdictCode } from '@bothends/proto';
import type { Environment } from '../environment.js';
import type { Random } from '../random.js';
import type { Deed, FlowLedger } from '../sim/ledger.js';
import type { Device } from '../sim/path.js';
import type { Direction, Side } from '../wire/packets.js';
import type { World } from '../world.js';

/** A finding that must appear when the taps were sound. */
export interface Expectation {
  readonly code: VerdictCode;
  readonly flow: FlowLedger;
  readonly direction?: Direction | 'both';
  readonly sender?: Side;
  /** At least this grade; a lower one counts as weakened. */
  readonly grade: Grade;
}

/** One way for things to go, with the devices that make it so. */
export interface Plot {
  readonly devices: readonly Device[];
  /** Starts the applications. */
  play(world: World): void;
  /** What must be found, decided after the run: randomness may have spared the flow. */
  expect(world: World): readonly Expectation[];
}

/** A family of runs that differ in everything but their story. */
export interface Kind {
  readonly name: string;
  /** Virtual time that a run takes. */
  readonly lengthNs: number;
  /** Surroundings without which the story cannot happen. */
  readonly prepare?: (environment: Environment) => Environment;
  plot(random: Random, environment: Environment): Plot;
}

/** The first flow that a plot opened. */
export function mainFlow(world: World): FlowLedger {
  return world.ledger.flows[0];
}

/** True when the main flow's truth holds a deed that `picks`. */
export function happened(world: World, picks: (deed: Deed) => boolean): boolean {
  return mainFlow(world).deeds.some(picks);
}

/** Every header and 64 bytes of payload, on any link: less, and the two ends' payloads cannot be compared. */
const PAYLOAD_SNAPLEN = 192;

/** True when both captures hold the start of payloads. */
export function keepsPayload(environment: Environment): boolean {
  return Math.min(environment.snaplen.client, environment.snaplen.server) >= PAYLOAD_SNAPLEN;
}

/** A router index away from both ends of the path. */
export function somewhere(random: Random, environment: Environment): number {
  return random.integer(2, environment.path.hops - 1);
}

/** The expectation, if it happened. */
export function when(condition: boolean, expectation: Expectation): readonly Expectation[] {
  return condition ? [expectation] : [];
}
