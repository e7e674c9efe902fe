import { BothendsError, type Report } from '@bothends/proto';
import type { FlowPage, FlowQuery, GroupView, SummaryView } from '../page/api-types.js';
import { ReportView } from './report-view.js';

/** What the page thread does; `key` names one state of one report. */
export interface PageVerbs {
  /** True when this report is held; asking keeps it. */
  has(key: string): boolean;
  load(key: string, json: string): void;
  summary(key: string): SummaryView;
  flows(key: string, query: FlowQuery): FlowPage;
  finding(key: string, id: string): GroupView;
}

/** Reports held at a time: some 100 MB for one of 100 000 flows. */
const HELD = 4;

export function pageVerbs(): PageVerbs {
  const views = new Map<string, ReportView>();
  const viewOf = (key: string): ReportView => {
    const view = views.get(key);
    if (view === undefined) throw new BothendsError('unavailable', 'the report was put away: ask again');
    // To the end of the order: the one that was not asked for longest goes first.
    views.delete(key);
    views.set(key, view);
    return view;
  };
  return {
    has: (key) => views.has(key) && viewOf(key) !== undefined,
    load: (key, json) => {
      const [oldest] = views.size >= HELD ? views.keys() : [];
      if (oldest !== undefined) views.delete(oldest);
      views.set(key, new ReportView(JSON.parse(json) as Report));
    },
    summary: (key) => viewOf(key).summary,
    flows: (key, query) => viewOf(key).flows(query),
    finding: (key, id) => viewOf(key).finding(id),
  };
}
