import { BOTH_WAYS, type FlowFacts } from '../facts/flow-facts.js';
import * as Row from '../flows/rows.js';
import type { FaultKind } from './draft.js';
import { loneSynUnanswered } from './handshake/syn-unanswered.js';
import { isPlain, isUnchanged } from './uneventful.js';

/**
 * The one fault of a flow whose rows already say what the rules will find: a single SYN, delivered as it was sent, and
 * nothing else. A scan has a million of them, and making a finding of each costs more than all else. Null for every other
 * flow. `test/property/foretold.test.ts` holds that the rules find just that.
 */
export function foregone(flow: FlowFacts): FaultKind | null {
  return isLoneSyn(flow) ? loneSynUnanswered(flow) : null;
}

function isLoneSyn(flow: FlowFacts): boolean {
  if (!isPlain(flow) || flow.seenAt(0) !== 1 || flow.seenAt(1) !== 1 || flow.matched !== 1) return false;
  const sent = (word: number) => flow.sent('toward-server', word);
  // One sequence number is a SYN without data; an acknowledgment would make it a SYN-ACK.
  const isSyn = sent(Row.SYN_OPTIONS) >= 0 && sent(Row.SEQ_END) === 1 && sent(Row.LAST_ACK) < 0;
  return sent(Row.PACKETS) === 1 && isSyn && BOTH_WAYS.every((toward) => isUnchanged(flow, toward));
}
