import type { FlowFacts } from '../../facts/flow-facts.js';
import * as Row from '../../flows/rows.js';
import type { Draft } from '../draft.js';
import { type ResetCase, resetCases } from './cases.js';
import { forgedResets } from './forged.js';
import { genuineResets } from './genuine.js';
import { ignoredResets } from './ignored.js';
import { lostResets } from './lost.js';

/** All verdicts about RSTs of a flow; genuine ones that another bred, whoever sent that, point to it. */
export function resets(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || flow.flowWord(Row.RESETS) === 0) return [];
  const known = resetCases(flow);
  const forged = forgedResets(known);
  const cases = known.map((c) => (isUndecided(c, forged) ? { ...c, origin: 'unclear' as const } : c));
  const suspected = new Set(
    forged.length > 0 ? known.filter((c) => c.origin === 'unclear').map((c) => c.rst) : [],
  );
  const genuine = genuineResets(cases.filter((c) => !suspected.has(c.rst)));
  linkConsequences(cases, forged, genuine);
  return [...forged, ...genuine, ...lostResets(cases), ...ignoredResets(cases)];
}

/** It is not seen to leave, and not said to be forged either. */
function isUndecided({ origin, rst }: ResetCase, forged: readonly Draft[]): boolean {
  if (origin !== 'path') return false;
  return !forged.some(({ direction }) => direction === 'both' || direction === rst.toward);
}

function linkConsequences(
  cases: readonly ResetCase[],
  forged: readonly Draft[],
  genuine: readonly Draft[],
): void {
  const first = cases.find((c) => c.origin !== 'sender' && c.effect !== 'ignored');
  const root = first && (forged[0] ?? genuine.find(({ at }) => at === first.rst.received));
  if (!root) return;
  for (const draft of genuine) {
    const own = cases.find((c) => c.rst.sent === draft.at || c.rewrittenFrom?.sent === draft.at);
    if (own && own.rst.at >= first.rst.at && draft.cause === 'half-open') draft.consequenceOf = root;
  }
}
