import { BothendsError } from '@bothends/proto';
import type { Route } from '../router.js';
import { collect, type Measured } from './collect.js';
import { EXPOSITION_TYPE, exposition } from './exposition.js';
import type { MetricsToken } from './token.js';

/** `/metrics`, for whoever shows the token. */
export function metricsRoute(token: MetricsToken, measured: Measured): Route {
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
      const text = exposition(await collect(measured));
      response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'cache-control': 'no-store' });
      response.end(text);
    },
  };
}
