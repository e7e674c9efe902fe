import { BothendsError } from '@bothends/proto';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { ladderOf, type ReportSources, reportJson } from '../../serve/reports.js';
import { sendJson } from '../exchange.js';
import type { FlowQuery } from '../page/api-types.js';
import type { Histories } from '../reports/histories.js';
import type { Reports } from '../reports/reports.js';
import type { Route } from '../router.js';

/** Rows of one page of the flow table. */
const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** Reports, flow by flow: `/api/captures/:id/report…`. */
export function reportRoutes(reports: Reports, histories: Histories, sources: ReportSources): Route[] {
  const as = BothendsService.getReport.path;
  return [
    {
      method: 'GET',
      path: '/api/captures/:id/summary',
      as,
      handle: async (exchange) => sendJson(exchange, await reports.summary(exchange.params.id)),
    },
    {
      method: 'GET',
      path: '/api/captures/:id/report.json',
      as,
      handle: async (exchange) => {
        const json = await reportJson(exchange.params.id, sources);
        const { id } = sources.captures.get(exchange.params.id);
        exchange.response.setHeader('content-disposition', `attachment; filename="${id}.json"`);
        await sendJson(exchange, json);
      },
    },
    {
      method: 'GET',
      path: '/api/captures/:id/history',
      as,
      handle: async (exchange) => sendJson(exchange, await histories.of(exchange.params.id)),
    },
    {
      method: 'GET',
      path: '/api/captures/:id/flows',
      as,
      handle: async (exchange) => {
        const query = flowQuery(exchange.url.searchParams);
        await sendJson(exchange, await reports.flows(exchange.params.id, query));
      },
    },
    {
      method: 'GET',
      path: '/api/captures/:id/findings/:finding',
      as,
      handle: async (exchange) => {
        const { id, finding } = exchange.params;
        await sendJson(exchange, await reports.finding(id, finding));
      },
    },
    {
      method: 'GET',
      path: '/api/captures/:id/flows/:flow',
      as: BothendsService.getFlow.path,
      handle: async (exchange) => {
        const { id, flow } = exchange.params;
        await sendJson(exchange, await ladderOf(id, flow, sources));
      },
    },
  ];
}

/** @throws BothendsError `invalid-argument` for a number that is none */
export function flowQuery(search: URLSearchParams): FlowQuery {
  const text = (name: string) => (search.get(name) ?? '').slice(0, 200);
  return {
    text: text('q'),
    host: text('host'),
    port: numberOf(search, 'port', 0, 65_535),
    code: text('code'),
    faulty: search.get('faulty') === '1',
    offset: numberOf(search, 'offset', 0, Number.MAX_SAFE_INTEGER),
    limit: numberOf(search, 'limit', DEFAULT_PAGE, MAX_PAGE),
  };
}

function numberOf(search: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = search.get(name) ?? '';
  if (text === '') return otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new BothendsError('invalid-argument', `${name} is a whole number up to ${most}`);
}
