import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Draft } from '../draft.js';
import { peerSilent } from './peer-silent.js';
import { portReuse } from './port-reuse.js';
import { zeroWindow } from './zero-window.js';

/** Verdicts about connections that stall or outlive their welcome. */
export function endurance(flow: FlowFacts): Draft[] {
  return [...zeroWindow(flow), ...peerSilent(flow), ...portReuse(flow)];
}
