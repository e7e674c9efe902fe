import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Draft } from '../draft.js';
import { ackLoss } from './ack-loss.js';
import { dataLoss } from './data-loss.js';
import { lossInSender } from './in-sender.js';
import { pmtuBlackHole } from './pmtu.js';

/** Verdicts about packets that did not arrive. */
export function losses(flow: FlowFacts): Draft[] {
  return [...dataLoss(flow), ...ackLoss(flow), ...lossInSender(flow), ...pmtuBlackHole(flow)];
}
