import type { TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { FleetListener } from '../fleet/fleet.js';
import { printable } from '../trust/names.js';
import type { Audit } from './audit.js';

/** The listener, and beside it the audit log of what the policies of hosts refuse. */
export function auditedRefusals(listener: FleetListener, audit: Audit): FleetListener {
  return {
    hello: (agent, hello) => listener.hello(agent, hello),
    progress: (agent, taps) => listener.progress(agent, taps),
    offline: (agent) => listener.offline(agent),
    tapState: (agent: string, state: TapState) => {
      if (state.state === 'refused') {
        void audit.record(
          agent,
          'policy',
          printable(state.tapId),
          'refused',
          state.reason.slice(0, MAX_REASON),
        );
      }
      listener.tapState(agent, state);
    },
  };
}

/** An agent's sentences have some hundred characters; the log is not for more. */
const MAX_REASON = 1000;
