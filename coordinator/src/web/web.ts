import { createServer, type Server } from 'node:https';
import { BothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import { joinHostPort, splitHostPort } from '../addresses.js';
import type { Audit } from '../serve/audit/audit.js';
import type { StateSources } from '../serve/messages.js';
import type { ReportSources } from '../serve/reports.js';
import type { Clock } from '../time.js';
import type { Credentials } from '../trust/ca.js';
import { captureRoutes } from './api/captures.js';
import { reportRoutes } from './api/reports.js';
import { signInRoutes } from './api/sign-in.js';
import { type Health, healthRoute } from './health.js';
import type { FindingCounts } from './metrics/finding-counts.js';
import { metricsRoute } from './metrics/route.js';
import type { MetricsToken } from './metrics/token.js';
import { PageFiles } from './page-files.js';
import { Histories } from './reports/histories.js';
import { Reports } from './reports/reports.js';
import { type Route, router } from './router.js';
import { LoginAttempts } from './sign-in/attempts.js';
import type { LoginLinks } from './sign-in/login-links.js';
import { Sessions } from './sign-in/sessions.js';

export interface WebInput extends StateSources, ReportSources {
  audit: Audit;
  clock: Clock;
  logger: Logger;
  links: LoginLinks;
  counts: FindingCounts;
  metricsToken: MetricsToken;
  health: Health;
  version: string;
}

/** The page, listening. */
export interface Web {
  port: number;
  /** Ends a user's sessions. */
  signOut(name: string): void;
  /** For connections from now on. */
  replaceCredentials(tls: Credentials): void;
  close(): Promise<void>;
}

/** Where people expect the page. */
export const WEB_PORT = 7480;

/** Browsers open six at a time; a thousand are a hundred people. */
const MAX_CONNECTIONS = 1000;
/** A request is at most a form: whoever sends it slower is no browser. */
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Serves the page over TLS; resolves when it takes connections.
 * @param address `host:port`; port 0 takes a free one
 * @throws BothendsError `unavailable` when the port is taken, `invalid-argument` for an address that is not ours or a
 *   certificate that cannot be used
 */
export async function startWeb(address: string, tls: Credentials, input: WebInput): Promise<Web> {
  const reports = new Reports(input, input.clock);
  const sessions = new Sessions(input.clock);
  const routes: Route[] = [
    ...signInRoutes({ ...input, sessions, attempts: new LoginAttempts(input.clock) }),
    ...captureRoutes(input),
    ...reportRoutes(reports, new Histories(input, input.clock), input),
    metricsRoute(input.metricsToken, input),
    healthRoute(input.health),
    ...fileRoutes(new PageFiles()),
  ];
  const server = tlsServer(tls);
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.on(
    'request',
    router(routes, {
      sessions,
      logger: input.logger,
      refused: ({ user }, method, reason) => {
        void input.audit.record(user.name, method, 'page', 'refused', reason);
      },
    }),
  );
  const port = await listenOn(server, address);
  return {
    port,
    signOut: (name) => sessions.closeOf(name),
    replaceCredentials: ({ certificatePem, keyPem }) =>
      server.setSecureContext({ cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' }),
    close: async () => {
      const ended = new Promise((resolve) => server.close(resolve));
      // Live streams have no end of their own.
      server.closeAllConnections();
      await ended;
      await reports.close();
    },
  };
}

/** The page's files; every other address is one of its views, which its own script shows. */
function fileRoutes(files: PageFiles): Route[] {
  return [
    {
      method: 'GET',
      path: '/assets/*',
      open: (exchange) => {
        if (files.send(exchange, exchange.url.pathname)) return;
        throw new BothendsError('not-found', 'the page has no such file: load it again');
      },
    },
    {
      method: 'GET',
      path: '/api/*',
      open: () => {
        throw new BothendsError(
          'not-found',
          'the page asks for what this coordinator does not know: load it again',
        );
      },
    },
    { method: 'GET', path: '/*', open: (exchange) => void files.send(exchange, '/') },
  ];
}

function tlsServer({ certificatePem, keyPem }: Credentials): Server {
  try {
    return createServer({ cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw new BothendsError(
      'invalid-argument',
      `the page's certificate and key cannot be used: ${(cause as Error).message}; both are PEM, and belong together`,
      { cause },
    );
  }
}

async function listenOn(server: Server, address: string): Promise<number> {
  const { host, port } = splitHostPort(address);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: host || '0.0.0.0', port: port ?? WEB_PORT }, resolve);
    });
  } catch (cause) {
    const wanted = joinHostPort({ host: host || '0.0.0.0', port: port ?? WEB_PORT });
    throw listenError(wanted, cause as NodeJS.ErrnoException);
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : (port ?? WEB_PORT);
}

function listenError(address: string, cause: NodeJS.ErrnoException): BothendsError {
  if (cause.code === 'EADDRINUSE') {
    return new BothendsError(
      'unavailable',
      `${address} is in use by another process: stop it (see "ss -ltnp"), or give another --web address, or --web off`,
      { cause },
    );
  }
  return new BothendsError('invalid-argument', `cannot serve the page on ${address}: ${cause.message}`, {
    cause,
  });
}
