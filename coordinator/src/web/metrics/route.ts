import { BothendsError } from '@bothends/proto';
import type { Audit } from '../../serve/audit.js';
import type { StateSources } from '../../serve/messages.js';
import type { Route } from '../router.js';
import { collect } from './collect.js';
import { EXPOSITION_TYPE, exposition } from './exposition.js';
import type { FindingCounts } from './finding-counts.js';
import type { MetricsToken } from './token.js';

/** `/metrics`, for whoever shows the token. */
export function metricsRoute(
  token: MetricsToken,
  sources: StateSources,
  counts: FindingCounts,
  audit: Audit,
  version: string,
): Route {
  return {
    method: 'GET',
    path: '/metrics',
    open: async ({ request, response }) => {
      if (!token.admits(request.headers.authorization)) {
        response.setHeader('www-authenticate', 'Bearer');
        throw new BothendsError(
          'unauthenticated',
          'metrics need the bearer token of the file metrics-token in the data directory of the coordinator',
        );
      }
      const text = exposition(await collect(sources, counts, audit.refusals(), version));
      response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'cache-control': 'no-store' });
      response.end(text);
    },
  };
}
