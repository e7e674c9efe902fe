import type { Grade, VerdictCode } from '@bothends/proto';
import type { LabConfig } from '../lab/index.js';
import type { Pair, Stage } from './stage.js';

/** A finding that a scenario must yield. What is left out may be anything. */
export interface Expected {
  readonly code: VerdictCode;
  readonly direction?: 'toward-client' | 'toward-server' | 'both';
  readonly sender?: 'client' | 'server' | 'path';
  /** One of these; packets alone often leave several open. */
  readonly causes?: readonly (string | null)[];
  /** Whose fault it is said to be. */
  readonly blame?: 'client-host' | 'server-host' | 'path' | 'unknown';
  /** At least this grade, and at most; files without drop counts cannot prove absence. */
  readonly min: Grade;
  readonly max?: Grade;
  /** Bounds on numeric attributes, or a text: the truth of the lab must lie where the report says. */
  readonly attributes?: Readonly<Record<string, Bounds | string>>;
}

export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What the lab says happened: rule counters, process output, the box's counts. Never read from the packets. */
export type Truth = Readonly<Record<string, string | number | boolean>>;

/** An incident staged on real stacks, with what must be found in its two captures and nothing else. */
export interface Scenario {
  /** Name of its capture folder: a claim in few words. */
  readonly name: string;
  readonly title: string;
  readonly network: () => LabConfig;
  readonly family: 4 | 6;
  readonly port: number;
  /** The analysis is asked about the port, as with `--port`. Default false. */
  readonly asked?: true;
  /** `any` records Linux cooked v2, `link` Ethernet. */
  readonly tap: 'any' | 'link';
  /** Host that the server's side is captured on, where it is not the server's own. */
  readonly serverTap?: string;
  /** Sets up a connection before either tap records: what is captured then begins in mid-stream. */
  underWay?(stage: Stage): Promise<Pair>;
  /** Plays the incident while both taps record; throws when the lab did not do what it should. */
  play(stage: Stage, pair?: Pair): Promise<Truth>;
  readonly expected: readonly Expected[];
  /** Codes that may be said beside, because they are true as well. Anything else at `likely` or better is an error. */
  readonly also: readonly VerdictCode[];
}
