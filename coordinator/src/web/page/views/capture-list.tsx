import type { ComponentChildren } from 'preact';
import type { AgentView, CaptureView, SessionView } from '../api-types.js';
import type { Client } from '../client.js';
import { Load } from '../load.js';
import { isRunning, StateBadge, Time } from '../parts.js';
import { pathOf } from '../routes.js';
import { StartForm } from './start-form.js';

/** A list that somebody looks at follows what happens. */
const REFRESH_MS = 3000;

interface CaptureListProps {
  client: Client;
  session: SessionView;
}

/** All captures, newest first, and the form that starts one. */
export function CaptureList({ client, session }: CaptureListProps): ComponentChildren {
  document.title = 'Captures · bothends';
  return (
    <div>
      <h1>Captures</h1>
      {session.mayOperate && (
        <Load
          from="/api/agents"
          refreshMs={REFRESH_MS}
          load={(path, signal) => client.get<AgentView[]>(path, signal)}
          show={(agents) => <StartForm agents={agents} client={client} />}
        />
      )}
      <Load
        from="/api/captures"
        refreshMs={REFRESH_MS}
        load={(path, signal) => client.get<CaptureView[]>(path, signal)}
        show={(captures) => <CaptureTable captures={captures} />}
      />
    </div>
  );
}

function CaptureTable({ captures }: { captures: readonly CaptureView[] }): ComponentChildren {
  if (captures.length === 0)
    return (
      <p class="quiet">
        No captures yet. <code>bothends capture CLIENT SERVER</code> starts one; so does an operator here.
      </p>
    );
  return (
    <ul class="captures">
      {captures.map((capture) => (
        <li key={capture.id} class="card">
          <div class="line">
            <a class="name" href={pathOf({ view: 'capture', id: capture.id })}>
              {capture.name || capture.id}
            </a>
            <StateBadge state={capture.state} />
          </div>
          <p class="headline">{capture.headline || capture.reason || waiting(capture)}</p>
          <p class="quiet">
            {capture.taps.map(({ agent }) => agent).join(' ↔ ')} ·{' '}
            <Time at={capture.startedAt ?? capture.requestedAt} /> UTC · by {capture.requestedBy} ·{' '}
            <code>{capture.id}</code>
          </p>
        </li>
      ))}
    </ul>
  );
}

function waiting({ state }: CaptureView): string {
  return isRunning(state) ? 'Nothing found yet.' : 'No report.';
}
