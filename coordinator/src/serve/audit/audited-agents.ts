import type { Hello, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { FleetListener } from '../../fleet/fleet.js';
import { printable } from '../../trust/names.js';
import type { Audit } from './audit.js';

/** An agent's sentences have some hundred characters, a policy a few hundred; the log is not for more. */
const MAX_DETAIL = 1000;

/**
 * The listener, and beside it the audit log of what the policies of hosts refuse, and of their changes: from what an
 * agent said before, since this coordinator started.
 */
export function auditedAgents(listener: FleetListener, audit: Audit): FleetListener {
  const policies = new Map<string, string>();
  const notePolicy = (agent: string, { policyJson = '' }: Hello) => {
    const before = policies.get(agent);
    policies.set(agent, policyJson);
    if (before === undefined || before === policyJson) return;
    void audit.record(agent, 'policy-change', agent, 'done', policyJson.slice(0, MAX_DETAIL));
  };
  return {
    hello: (agent, hello, again) => {
      notePolicy(agent, hello);
      listener.hello(agent, hello, again);
    },
    progress: (agent, taps) => listener.progress(agent, taps),
    offline: (agent) => listener.offline(agent),
    tapState: (agent: string, state: TapState) => {
      if (state.state === 'refused') {
        const reason = state.reason.slice(0, MAX_DETAIL);
        void audit.record(agent, 'policy', printable(state.tapId), 'refused', reason);
      }
      listener.tapState(agent, state);
    },
  };
}
