import { BothendsError } from '@bothends/proto';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Audit } from '../../serve/audit/audit.js';
import { type Exchange, readJson, sendJson, sendNothing } from '../exchange.js';
import type { Route } from '../router.js';
import type { LoginAttempts } from '../sign-in/attempts.js';
import type { LoginLinks } from '../sign-in/login-links.js';
import type { Sessions } from '../sign-in/sessions.js';
import { sessionView } from './views.js';

export interface SignInTools {
  links: LoginLinks;
  sessions: Sessions;
  attempts: LoginAttempts;
  audit: Audit;
}

/** Signing in with the token of a link, asking who one is, signing out. */
export function signInRoutes(tools: SignInTools): Route[] {
  const { sessions } = tools;
  return [
    { method: 'POST', path: '/api/login', open: (exchange) => logIn(exchange, tools) },
    {
      method: 'POST',
      path: '/api/logout',
      open: (exchange) => {
        exchange.response.setHeader('set-cookie', sessions.close(exchange.request.headers.cookie));
        sendNothing(exchange);
      },
    },
    {
      method: 'GET',
      path: '/api/session',
      as: BothendsService.listCaptures.path,
      handle: (exchange) => sendJson(exchange, sessionView(exchange.session)),
    },
  ];
}

async function logIn(exchange: Exchange, { links, sessions, attempts, audit }: SignInTools): Promise<void> {
  const { request, response } = exchange;
  const address = request.socket.remoteAddress ?? '';
  const wait = attempts.waitSeconds(address);
  if (wait > 0) {
    response.setHeader('retry-after', wait);
    const message = `too many links that do not work came from ${address}: try again in ${wait} s`;
    throw new BothendsError('resource-exhausted', message);
  }
  const { token } = await readJson(exchange);
  const user = typeof token === 'string' ? links.redeem(token) : null;
  if (user === null) {
    attempts.failed(address);
    await audit.record('', 'web-login', 'page', 'refused', `from ${address}`);
    throw new BothendsError(
      'unauthenticated',
      'this link is not valid here: it works once and for ten minutes; `bothends login-link` prints a new one',
    );
  }
  const { session, setCookie } = sessions.open(user);
  await audit.record(user.name, 'web-login', 'page', 'done', `from ${address}, as ${user.role}`);
  response.setHeader('set-cookie', setCookie);
  await sendJson(exchange, sessionView(session));
}
