import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Draft } from '../draft.js';
import { nat } from './nat.js';
import { dscpChanged, ecnBleached } from './network.js';
import { mssClamped, optionsStripped } from './options.js';
import { duplication, reordering } from './order.js';
import { payloadAltered } from './payload.js';

const RULES = [
  payloadAltered,
  reordering,
  duplication,
  mssClamped,
  optionsStripped,
  dscpChanged,
  ecnBleached,
  nat,
] as const;

/** Verdicts about what the path did to packets that it delivered. */
export function pathChanges(flow: FlowFacts): Draft[] {
  return flow.matched === 0 ? [] : RULES.flatMap((rule) => rule(flow));
}
