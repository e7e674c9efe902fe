import type { Ladder } from '@bothends/proto';
import { asides, grouped, tuple } from '@bothends/proto/report/words';
import type { ComponentChildren } from 'preact';
import type { FlowPage as FlowRows } from '../api-types.js';
import type { Client } from '../client.js';
import { Load } from '../load.js';
import { Trail } from '../parts.js';
import { EVERY_FLOW, type PacketMark, pathOf } from '../routes.js';
import { FindingLabels } from './finding-labels.js';
import { FlowView } from './flow-view.js';

interface FlowPageProps {
  id: string;
  flow: string;
  packet: PacketMark | null;
  client: Client;
}

/** One flow: latency and loss over time, and every packet at both ends. */
export function FlowPage({ id, flow, packet, client }: FlowPageProps): ComponentChildren {
  document.title = `${flow} · bothends`;
  const path = `/api/captures/${encodeURIComponent(id)}/flows/${encodeURIComponent(flow)}`;
  return (
    <div>
      <Trail
        steps={[
          ['Captures', pathOf({ view: 'captures' })],
          ['Report', pathOf({ view: 'capture', id })],
          ['Flows', pathOf({ view: 'flows', id, search: EVERY_FLOW })],
        ]}
      />
      <Load
        from={path}
        load={(from, signal) => client.get<Ladder>(from, signal)}
        show={(ladder) => (
          <div>
            <h1 class="flow-title">{tuple(ladder.flow)}</h1>
            <p class="quiet">
              <code>{ladder.flow.id}</code> · {ladder.flow.protocol} · {grouped(ladder.rows.length)} packets
              {ladder.omitted > 0 && ` and ${grouped(ladder.omitted)} more that are not shown`} ·{' '}
              {asides(ladder.flow).join('; ')} 0 is{' '}
              <time dateTime={ladder.startedAt}>{ladder.startedAt}</time> on the client's clock
            </p>
            <Verdicts id={id} flow={flow} client={client} />
            <FlowView key={flow} id={id} ladder={ladder} packet={packet} />
          </div>
        )}
      />
    </div>
  );
}

/** What the report says of the flow; whoever opens a shared packet sees it too. */
function Verdicts({ id, flow, client }: Omit<FlowPageProps, 'packet'>): ComponentChildren {
  const none = <span />;
  return (
    <Load
      from={`/api/captures/${encodeURIComponent(id)}/flows?${new URLSearchParams({ q: flow })}`}
      load={(from, signal) => client.get<FlowRows>(from, signal)}
      meanwhile={none}
      otherwise={() => none}
      show={({ flows }) => {
        const labels = flows.find((row) => row.id === flow)?.labels ?? [];
        return labels.length === 0 ? (
          none
        ) : (
          <p>
            <FindingLabels id={id} labels={labels} />
          </p>
        );
      }}
    />
  );
}
