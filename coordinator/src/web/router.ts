import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BothendsError, toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import { authorise } from '../trust/access.js';
import { type Exchange, type SignedInExchange, sendProblem } from './exchange.js';
import { setSecurityHeaders } from './headers.js';
import type { Session, Sessions } from './sign-in/sessions.js';

interface RoutePath {
  method: 'GET' | 'POST';
  /** `:name` stands for one segment, `*` at the end for whatever follows. */
  path: string;
}

/** A route that anybody may call: signing in, and the page's own files. */
export interface OpenRoute extends RoutePath {
  open: (exchange: Exchange) => Promise<void> | void;
}

/** A route for those who may call this gRPC method, so that one table says who may do what. */
export interface GuardedRoute extends RoutePath {
  as: string;
  handle: (exchange: SignedInExchange) => Promise<void> | void;
}

export type Route = OpenRoute | GuardedRoute;

export interface RouterTools {
  sessions: Sessions;
  logger: Logger;
  /** Told of every refusal of somebody who is signed in, for the audit log. */
  refused: (session: Session, method: string, reason: string) => void;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Finds the route of each request, and lets it in or says why not. The first route that fits is taken. */
export function router(routes: readonly Route[], tools: RouterTools): Handler {
  return (request, response) => {
    setSecurityHeaders(response);
    void dispatch(routes, request, response, tools).catch((thrown) => {
      const error = toBothendsError(thrown);
      if (error.code === 'internal') tools.logger.error({ reason: error.message }, 'web request failed');
      sendProblem({ response }, error);
    });
  };
}

async function dispatch(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  tools: RouterTools,
): Promise<void> {
  const url = urlOf(request);
  // HEAD is GET without a body, which node leaves out by itself.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  for (const route of routes) {
    const params = route.method === method ? match(route.path, url.pathname) : null;
    if (params === null) continue;
    const exchange = { request, response, url, params };
    if (method === 'POST') refuseOtherSites(request);
    if ('open' in route) await route.open(exchange);
    else await route.handle({ ...exchange, ...admit(route, request, tools) });
    return;
  }
  throw new BothendsError('not-found', `there is nothing at ${method} ${url.pathname.slice(0, 200)}`);
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'https://coordinator');
  } catch {
    throw new BothendsError('invalid-argument', 'the address of the request cannot be read');
  }
}

/** The session of whoever calls. @throws BothendsError `unauthenticated`, `permission-denied` */
function admit(
  route: GuardedRoute,
  request: IncomingMessage,
  tools: RouterTools,
): Pick<SignedInExchange, 'session' | 'isSignedIn'> {
  const find = () => tools.sessions.find(request.headers.cookie);
  const session = find();
  if (session === null) {
    throw new BothendsError('unauthenticated', 'sign in first: `bothends login-link` prints a link');
  }
  try {
    authorise(route.as, session.user);
    if (route.method === 'POST') requireCsrf(session, request);
  } catch (error) {
    tools.refused(session, route.as, toBothendsError(error).message);
    throw error;
  }
  return { session, isSignedIn: () => find() !== null };
}

function requireCsrf({ csrf }: Session, request: IncomingMessage): void {
  const given = Buffer.from(String(request.headers['x-bothends-csrf'] ?? ''));
  const wanted = Buffer.from(csrf);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new BothendsError('permission-denied', 'the request did not come from the page: load it again');
}

/** Browsers say whose page a request comes from; what is no browser says nothing. */
function refuseOtherSites(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new BothendsError('permission-denied', 'the request came from the page of another site');
}

/** Segments by name, null where the path is another. */
function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  const open = wanted.at(-1) === '*';
  if (open ? given.length < wanted.length : given.length !== wanted.length) return null;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    if (open && i === wanted.length - 1) break;
    if (segment.startsWith(':')) params[segment.slice(1)] = decoded(given[i]);
    else if (segment !== given[i]) return null;
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new BothendsError('invalid-argument', 'the address of the request cannot be read');
  }
}
