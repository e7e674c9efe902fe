import type { EngineOptions } from '@bothends/coordinator';
import type { Random } from '../truth/random.js';

/** Of every engine under fuzz. */
export const ENGINE_OPTIONS: EngineOptions = {
  captureId: 'fuzz',
  captureName: 'fuzz',
  port: null,
  vouchComplete: false,
};

/** The files of one case, in the order of the target's `files`. */
export type Input = readonly Uint8Array[];

/** A part of bothends under fuzz. */
export interface Target {
  readonly name: string;
  /** Names of an input's files, for the folder that a failing one is kept in. */
  readonly files: readonly string[];
  /** An input, the same for the same randomness. */
  make(random: Random): Input;
  /** Feeds it. Throws when anything happens that must not; a BothendsError that a user would read may happen. */
  check(input: Input): void;
}

/** Something that no input may cause. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Throws a violation unless the condition holds. */
export function insist(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(what);
}
