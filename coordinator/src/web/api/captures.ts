import { BothendsError, toBothendsError } from '@bothends/proto';
import { BothendsService, type StartCaptureRequest } from '@bothends/proto/gen/bothends/v1/bothends';
import { subjectOf } from '../../captures/capture.js';
import type { Audit } from '../../serve/audit/audit.js';
import { agentMessage, type StateSources } from '../../serve/messages.js';
import { readJson, type SignedInExchange, sendJson, sendNothing } from '../exchange.js';
import type { Route } from '../router.js';
import type { Session } from '../sign-in/sessions.js';
import { sendLive } from './live.js';
import { agentView, captureView } from './views.js';

export interface CaptureTools extends StateSources {
  audit: Audit;
}

/** Hosts and captures: what there is, what happens, start and stop. */
export function captureRoutes(tools: CaptureTools): Route[] {
  const { captures, fleet } = tools;
  return [
    {
      method: 'GET',
      path: '/api/agents',
      as: BothendsService.listAgents.path,
      handle: (exchange) => sendJson(exchange, fleet.views().map(agentMessage).map(agentView)),
    },
    {
      method: 'GET',
      path: '/api/captures',
      as: BothendsService.listCaptures.path,
      handle: async (exchange) => {
        // Newest first: what somebody comes to look at.
        const newest = captures.list().reverse();
        await sendJson(exchange, await Promise.all(newest.map((capture) => captureView(capture, tools))));
      },
    },
    {
      method: 'GET',
      path: '/api/captures/:id',
      as: BothendsService.listCaptures.path,
      handle: async (exchange) => {
        await sendJson(exchange, await captureView(captures.get(exchange.params.id), tools));
      },
    },
    {
      method: 'GET',
      path: '/api/captures/:id/events',
      as: BothendsService.watchCapture.path,
      handle: (exchange) => sendLive(exchange, tools),
    },
    {
      method: 'POST',
      path: '/api/captures',
      as: BothendsService.startCapture.path,
      handle: (exchange) => start(exchange, tools),
    },
    {
      method: 'POST',
      path: '/api/captures/:id/stop',
      as: BothendsService.stopCapture.path,
      handle: async (exchange) => {
        const { id } = exchange.params;
        await audited(exchange, tools.audit, 'stop', id, (by) => captures.stop(id, by));
        sendNothing(exchange);
      },
    },
    {
      method: 'POST',
      path: '/api/captures/:id/approve',
      as: BothendsService.approveCapture.path,
      handle: async (exchange) => {
        const { id } = exchange.params;
        const subject = subjectOf(captures.get(id));
        const agents = await audited(exchange, tools.audit, 'approve', subject, async (by) => {
          requireOwn(exchange.session);
          return await captures.approve(id, by);
        });
        await sendJson(exchange, { agents });
      },
    },
  ];
}

async function start(exchange: SignedInExchange, { captures, audit }: CaptureTools): Promise<void> {
  const request = startRequest(await readJson(exchange));
  const subject = `${request.client} ${request.server}`;
  const { id } = await audited(exchange, audit, 'capture', subject, async (by) => {
    return await captures.start(request, by, exchange.session.user.own);
  });
  await sendJson(exchange, { id });
}

/** The form as the request that the CLI would send. Limits are checked where the CLI's are. */
function startRequest(body: Record<string, unknown>): StartCaptureRequest {
  const { client, server, filter = '', name = '', port = 0, durationMs = 0 } = body;
  const texts = [client, server, filter, name];
  const isCount = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (!texts.every((text) => typeof text === 'string') || ![port, durationMs].every(isCount)) {
    throw new BothendsError(
      'invalid-argument',
      'client, server, filter and name are texts, port and durationMs whole numbers',
    );
  }
  return {
    client: String(client),
    server: String(server),
    filter: withPort(Number(port), String(filter)),
    name: String(name),
    port: Number(port),
    durationMs: BigInt(Number(durationMs)),
    // The agents' defaults.
    interface: '',
    snaplen: 0,
    maxPackets: 0n,
    backEnd: '',
    noMarker: false,
    until: '',
  };
}

/** The port narrows the filter, as it does in the CLI. */
function withPort(port: number, filter: string): string {
  if (port === 0) return filter;
  return filter.trim() === '' ? `port ${port}` : `(port ${port}) and (${filter})`;
}

/** Consent is its owner's to give, and a link with a role of its own was made for somebody else. */
function requireOwn({ user: { own, name } }: Session): void {
  if (own) return;
  throw new BothendsError(
    'permission-denied',
    `${name} made this link for somebody else: sign in with a link of your own (\`bothends login-link\`), or run \`bothends approve\``,
  );
}

/** Runs an action in the user's name and writes down how it went. */
async function audited<Result>(
  { session }: SignedInExchange,
  audit: Audit,
  action: string,
  subject: string,
  run: (by: string) => Promise<Result> | Result,
): Promise<Result> {
  const { name } = session.user;
  try {
    const result = await run(name);
    await audit.record(name, action, subject, 'done', 'on the web');
    return result;
  } catch (error) {
    await audit.record(name, action, subject, 'failed', toBothendsError(error).message);
    throw error;
  }
}
