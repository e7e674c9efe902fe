import type { VerdictCode } from '@bothends/proto';
import { EXPLANATIONS } from '@bothends/proto/explain/index';
import type { ComponentChildren } from 'preact';
import type { GroupView } from '../api-types.js';
import type { Client } from '../client.js';
import { Load } from '../load.js';
import { Prose, Trail } from '../parts.js';
import { pathOf } from '../routes.js';
import { FindingCard } from './finding-card.js';

interface FindingPageProps {
  id: string;
  finding: string;
  client: Client;
}

/** One finding by itself, as its shared link shows it, with what its verdict means. */
export function FindingPage({ id, finding, client }: FindingPageProps): ComponentChildren {
  const path = `/api/captures/${encodeURIComponent(id)}/findings/${encodeURIComponent(finding)}`;
  return (
    <div>
      <Trail
        steps={[
          ['Captures', pathOf({ view: 'captures' })],
          ['Report', pathOf({ view: 'capture', id })],
        ]}
      />
      <h1 class="visually-hidden">Finding</h1>
      <Load
        from={path}
        load={(from, signal) => client.get<GroupView>(from, signal)}
        show={(group) => {
          document.title = `${group.lead.code} · bothends`;
          return (
            <div>
              <FindingCard id={id} group={group} />
              <Meaning code={group.lead.code} />
            </div>
          );
        }}
      />
    </div>
  );
}

/** What `bothends explain` says. */
function Meaning({ code }: { code: VerdictCode }): ComponentChildren {
  const { title, meaning, proof, refutation, action } = EXPLANATIONS[code];
  return (
    <details class="card">
      <summary>
        About <code>{code}</code>: {title}
      </summary>
      <p>
        <Prose text={meaning} />
      </p>
      <List title="What proves it" items={proof} />
      <List title="What refutes it, and what is taken for it" items={refutation} />
      <List title="What to do" items={action} />
    </details>
  );
}

function List({ title, items }: { title: string; items: readonly string[] }): ComponentChildren {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {items.map((item) => (
          <li>
            <Prose text={item} />
          </li>
        ))}
      </ul>
    </div>
  );
}
