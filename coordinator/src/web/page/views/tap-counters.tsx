import { alternatives, grouped } from '@bothends/proto/report/words';
import type { ComponentChildren } from 'preact';
import type { SessionView, TapView } from '../api-types.js';
import { StateBadge } from '../parts.js';

interface TapCountersProps {
  id: string;
  taps: readonly TapView[];
  session: SessionView;
  approve: () => void;
}

/** Both taps as they stand: packets, drops, what is wrong, and whose consent is waited for. */
export function TapCounters({ id, taps, session, approve }: TapCountersProps): ComponentChildren {
  return (
    <ul class="taps">
      {taps.map((tap) => (
        <li key={tap.role} class="card">
          <div class="line">
            <strong>{tap.role}</strong>
            <span>{tap.agent}</span>
            <StateBadge state={tap.state} />
          </div>
          {tap.state !== 'requested' && (
            <div>
              <p class="count">
                <span class="number">{grouped(tap.packets)}</span> packets
              </p>
              <p class={dropped(tap) ? 'warn' : 'quiet'}>{dropText(tap)}</p>
            </div>
          )}
          {tap.waitsFor.length > 0 && (
            <p class="warn">
              Waits for {alternatives(tap.waitsFor)} to approve
              {mayApprove(tap, session) ? '. ' : ': '}
              {mayApprove(tap, session) ? (
                <button type="button" class="small" onClick={approve}>
                  Approve
                </button>
              ) : (
                <code>bothends approve {id}</code>
              )}
            </p>
          )}
          {!tap.online && <p class="warn">The agent is offline; it goes on recording by itself.</p>}
          {tap.reason !== '' && <p class="warn">{tap.reason}</p>}
        </li>
      ))}
    </ul>
  );
}

/** An owner who signed in by a link of their own. */
function mayApprove({ waitsFor }: TapView, { name, isOwn }: SessionView): boolean {
  return isOwn && waitsFor.includes(name);
}

function dropped({ kernelDrops, agentDrops }: TapView): boolean {
  return (kernelDrops ?? 0) + agentDrops > 0;
}

function dropText({ kernelDrops, agentDrops }: TapView): string {
  const agent = agentDrops > 0 ? `, ${grouped(agentDrops)} by the agent` : '';
  if (kernelDrops === null) return `drops not counted${agent}`;
  return kernelDrops + agentDrops === 0
    ? 'none dropped'
    : `${grouped(kernelDrops)} dropped by the kernel${agent}`;
}
