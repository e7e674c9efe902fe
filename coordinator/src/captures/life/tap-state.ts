import { ERROR_CODES, type ErrorCode } from '@bothends/proto';
import type { TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { TapPhase } from '../capture.js';

/** What an agent says of a tap, as a phase; null for a state that this coordinator does not know. */
export function phaseOf(state: TapState): TapPhase | null {
  switch (state.state) {
    case 'armed':
    case 'recording':
    case 'draining':
    case 'complete':
      return interrupted(state) ?? { state: state.state };
    case 'failed':
    case 'refused':
      return { state: state.state, code: codeOf(state.code), reason: state.reason || 'gave no reason' };
    default:
      return null;
  }
}

/** A tap whose agent went down and came back in time is no complete one, however neatly it was closed then. */
function interrupted({ state, coverage }: TapState): TapPhase | null {
  const gap = coverage?.gaps.find(({ cause }) => cause === 'agent-down');
  if (state !== 'complete' || gap === undefined) return null;
  const seconds = Number(gap.toNs - gap.fromNs) / NS_PER_S;
  return {
    state: 'failed',
    code: 'data-loss',
    reason: `the agent went down while it recorded, for ${seconds.toFixed(1)} s: packets of that time are not in the report`,
  };
}

const NS_PER_S = 1e9;

function codeOf(text: string): ErrorCode {
  return ERROR_CODES.find((code) => code === text) ?? 'internal';
}
