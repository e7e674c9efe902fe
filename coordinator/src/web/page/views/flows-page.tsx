import type { FlowReport } from '@bothends/proto';
import { counted, endpoint, grouped } from '@bothends/proto/report/words';
import { formatDuration } from '@bothends/proto/time/nanoseconds';
import type { ComponentChildren } from 'preact';
import type { FlowPage, FlowRow, SummaryView } from '../api-types.js';
import type { Client } from '../client.js';
import { Load } from '../load.js';
import { goTo } from '../navigation.js';
import { Trail } from '../parts.js';
import { EVERY_FLOW, type FlowSearch, pathOf } from '../routes.js';
import { FindingLabels } from './finding-labels.js';

/** Rows of one page: what two or three screens hold. */
const PAGE_ROWS = 50;
/** A pause in typing after which the table follows. */
const TYPING_MS = 250;

interface FlowsPageProps {
  id: string;
  search: FlowSearch;
  client: Client;
}

/** All flows, faulty ones first, narrowed by what stands in the address. The server does the work. */
export function FlowsPage({ id, search, client }: FlowsPageProps): ComponentChildren {
  document.title = 'Flows · bothends';
  const base = `/api/captures/${encodeURIComponent(id)}`;
  return (
    <div>
      <Trail
        steps={[
          ['Captures', pathOf({ view: 'captures' })],
          ['Report', pathOf({ view: 'capture', id })],
        ]}
      />
      <h1>Flows</h1>
      <Load
        from={`${base}/summary`}
        load={(from, signal) => client.get<SummaryView>(from, signal)}
        show={({ codes }) => <Filters id={id} search={search} codes={codes} />}
      />
      <Load
        from={`${base}/flows?${flowParams(search)}`}
        load={(from, signal) => client.get<FlowPage>(from, signal)}
        show={(page) => <FlowTable id={id} page={page} search={search} />}
      />
    </div>
  );
}

function flowParams({ q, host, port, code, faulty, page }: FlowSearch): URLSearchParams {
  const offset = String((page - 1) * PAGE_ROWS);
  const shown = { q, host, port, code, faulty: faulty ? '1' : '', offset, limit: String(PAGE_ROWS) };
  return new URLSearchParams(Object.entries(shown).filter(([, value]) => value !== ''));
}

let typing = 0;

function Filters({
  id,
  search,
  codes,
}: {
  id: string;
  search: FlowSearch;
  codes: readonly string[];
}): ComponentChildren {
  const change = (part: Partial<FlowSearch>) => {
    goTo(pathOf({ view: 'flows', id, search: { ...search, page: 1, ...part } }), 'replace');
  };
  const later = (name: 'q' | 'host' | 'port') => (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    clearTimeout(typing);
    typing = window.setTimeout(() => change({ [name]: value.trim() }), TYPING_MS);
  };
  return (
    <search>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Search
          <input
            type="search"
            value={search.q}
            onInput={later('q')}
            placeholder="address, port, flow, verdict"
          />
        </label>
        <label>
          Verdict
          <select value={search.code} onChange={(event) => change({ code: event.currentTarget.value })}>
            <option value="">any</option>
            {codes.map((code) => (
              <option value={code}>{code}</option>
            ))}
          </select>
        </label>
        <label>
          Host
          <input value={search.host} onInput={later('host')} placeholder="10.0.0.1" spellcheck={false} />
        </label>
        <label>
          Port
          <input value={search.port} onInput={later('port')} inputMode="numeric" placeholder="443" size={6} />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={search.faulty}
            onChange={(event) => change({ faulty: event.currentTarget.checked })}
          />{' '}
          only faulty
        </label>
        <a class="button" href={pathOf({ view: 'flows', id, search: EVERY_FLOW })}>
          Reset
        </a>
      </form>
    </search>
  );
}

function FlowTable({
  id,
  page,
  search,
}: {
  id: string;
  page: FlowPage;
  search: FlowSearch;
}): ComponentChildren {
  const pages = Math.max(1, Math.ceil(page.matched / PAGE_ROWS));
  const found = page.matched === page.total ? '' : ` of ${grouped(page.total)}`;
  return (
    <div>
      <p role="status">
        {counted(page.matched, 'flow')}
        {found}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard too */}
      <section class="scroll" tabIndex={0} aria-label="Flows">
        <table>
          <thead>
            <tr>
              {['Flow', 'Findings', 'Client', 'Server'].map((title) => (
                <th scope="col">{title}</th>
              ))}
              {['At client', 'At server', 'Lost → / ←', 'Connect', 'Path'].map((title) => (
                <th scope="col" class="n">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {page.flows.map((flow) => (
              <Row key={flow.id} id={id} flow={flow} />
            ))}
          </tbody>
        </table>
      </section>
      <nav class="pages" aria-label="Pages of flows">
        {search.page > 1 && <PageLink id={id} search={search} page={search.page - 1} text="← Previous" />}
        <span>
          Page {grouped(Math.min(search.page, pages))} of {grouped(pages)}
        </span>
        {search.page < pages && <PageLink id={id} search={search} page={search.page + 1} text="Next →" />}
      </nav>
    </div>
  );
}

function Row({ id, flow }: { id: string; flow: FlowRow }): ComponentChildren {
  const { clientTap, serverTap, lostToServer, lostToClient } = flow.packets;
  return (
    <tr>
      <th scope="row">
        <a href={pathOf({ view: 'flow', id, flow: flow.id, packet: null })}>{flow.id}</a>
      </th>
      <td class="labels">
        <FindingLabels id={id} labels={flow.labels} />
      </td>
      <td>{endpoint(flow.client)}</td>
      <td>
        {endpoint(flow.server)} <span class="quiet">{[flow.protocol, ...(flow.names ?? [])].join(' ')}</span>
      </td>
      <td class="n">{grouped(clientTap)}</td>
      <td class="n">{grouped(serverTap)}</td>
      <td class={lostToServer + lostToClient > 0 ? 'n warn' : 'n'}>
        {lostToServer} / {lostToClient}
      </td>
      <td class="n">{timeText(flow.latency?.connectNs)}</td>
      <td class="n">{timeText(flow.latency?.pathNs)}</td>
    </tr>
  );
}

function timeText(ns: NonNullable<FlowReport['latency']>['connectNs'] | undefined): string {
  return ns === null || ns === undefined ? '–' : formatDuration(ns);
}

interface PageLinkProps {
  id: string;
  search: FlowSearch;
  page: number;
  text: string;
}

function PageLink({ id, search, page, text }: PageLinkProps): ComponentChildren {
  return (
    <a class="button" href={pathOf({ view: 'flows', id, search: { ...search, page } })}>
      {text}
    </a>
  );
}
