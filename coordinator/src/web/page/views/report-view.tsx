import { grouped } from '@bothends/proto/report/words';
import type { ComponentChildren } from 'preact';
import type { GroupView, SummaryView } from '../api-types.js';
import { Prose } from '../parts.js';
import { EVERY_FLOW, pathOf } from '../routes.js';
import { FindingCard } from './finding-card.js';

/** What is known of a running capture before its report. */
export interface LiveView {
  headline: string;
  isFaulty: boolean;
  findings: ComponentChildren;
}

interface ReportViewProps {
  id: string;
  summary: SummaryView;
  /** While the capture runs: newer than the summary. */
  live: LiveView | null;
  /** Coverage, clock and what the path did. */
  timeline: ComponentChildren;
}

/** A report: the sentence, what it stands on, notes, coverage and clock. */
export function ReportView({ id, summary, live, timeline }: ReportViewProps): ComponentChildren {
  const { faults, notes, flowCount, faultyFlows } = summary;
  const outcome = live?.isFaulty ? 'fault' : summary.outcome;
  const headline = live?.headline || summary.headline;
  return (
    <section>
      <p class={`verdict verdict-${outcome}`}>
        <span class="visually-hidden">Verdict{live === null ? '' : ' so far'}: </span>
        <Prose text={headline} />
      </p>
      {flowCount > 0 && (
        <p>
          <a href={pathOf({ view: 'flows', id, search: EVERY_FLOW })}>
            {grouped(flowCount)} {flowCount === 1 ? 'flow' : 'flows'}
          </a>
          {live === null && ', '}
          {live === null && (
            <a href={pathOf({ view: 'flows', id, search: { ...EVERY_FLOW, faulty: true } })}>
              {grouped(faultyFlows)} with a fault
            </a>
          )}
        </p>
      )}
      {live?.findings}
      {timeline}
      {live === null &&
        faults.map((group) => <FindingCard key={group.lead.id} id={id} group={group} headline={headline} />)}
      {notes.length > 0 && <Notes id={id} notes={notes} />}
      <p class="quiet">
        Written by bothends {summary.engine}. Whoever holds the evidence can compute this report again.
      </p>
    </section>
  );
}

function Notes({ id, notes }: { id: string; notes: readonly GroupView[] }): ComponentChildren {
  return (
    <section class="card">
      <h2>Notes</h2>
      <ul>
        {notes.map(({ lead, alike }) => (
          <li key={lead.id}>
            <a href={pathOf({ view: 'finding', id, finding: lead.id })}>
              <code>{lead.code}</code>
            </a>{' '}
            <Prose text={lead.statement} />
            {alike > 0 && <span class="quiet"> (and {grouped(alike)} more)</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
