import { sendJson } from './exchange.js';
import type { Route } from './router.js';

/** What is known of the store; null faults: it is being looked at. */
export interface Health {
  readonly faults: number | null;
}

/**
 * `/healthz`, for whoever watches: a coordinator that answers takes calls. A store that is damaged is no reason to restart it or
 * to send nobody there, so that it is in the answer and not in the status.
 */
export function healthRoute(health: Health): Route {
  return {
    method: 'GET',
    path: '/healthz',
    open: (exchange) => {
      const store = health.faults === null ? 'being examined' : health.faults > 0 ? 'damaged' : 'whole';
      return sendJson(exchange, { status: store === 'damaged' ? 'degraded' : 'ok', store });
    },
  };
}
