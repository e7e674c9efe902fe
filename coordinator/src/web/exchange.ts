import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BothendsError, type ErrorCode } from '@bothends/proto';
import type { ProblemView } from './page/api-types.js';
import type { Session } from './sign-in/sessions.js';

/** One request and its answer, with what the router found out about it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** Named segments of the route's path, decoded. */
  params: Readonly<Record<string, string>>;
}

export interface SignedInExchange extends Exchange {
  session: Session;
  /** Whether the session still holds: an answer may go on for hours. */
  isSignedIn: () => boolean;
}

/** The largest thing that the page sends is a filter of 4 kB. */
const MAX_BODY_BYTES = 16 * 1024;
/** Below this a header costs more than compression saves. */
const COMPRESS_FROM_BYTES = 1400;

const compress = promisify(gzip);

/** HTTP status of each error code, as google.rpc.Code maps them. */
const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  'already-exists': 409,
  'failed-precondition': 409,
  'resource-exhausted': 429,
  unavailable: 503,
  unsupported: 501,
  cancelled: 499,
  'data-loss': 500,
  internal: 500,
};

/** Answers with JSON, compressed where the browser takes it. A string is JSON already. */
export async function sendJson({ request, response }: Exchange, value: unknown): Promise<void> {
  let body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  if (body.length >= COMPRESS_FROM_BYTES && acceptsGzip(request)) {
    body = await compress(body, { level: 1 });
    response.setHeader('content-encoding', 'gzip');
  }
  response.end(body);
}

export function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
}

export function sendNothing({ response }: Exchange): void {
  response.writeHead(204).end();
}

/** Answers with an error; one that began as something else is cut instead. */
export function sendProblem({ response }: Pick<Exchange, 'response'>, error: BothendsError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, message } = error;
  response.writeHead(HTTP_STATUS[code], {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify({ code, message } satisfies ProblemView));
}

/**
 * The JSON object that a request carries.
 * @throws BothendsError `invalid-argument` when it is none or too large
 */
export async function readJson({ request }: Exchange): Promise<Record<string, unknown>> {
  // Forms of other sites cannot send this type without asking first (Fetch standard, CORS-safelisted).
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw notJson('its type is another');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw notJson(`it has more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw notJson('it does not parse');
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw notJson('it is no object');
}

function notJson(why: string): BothendsError {
  return new BothendsError(
    'invalid-argument',
    `the request is not the JSON object that was expected: ${why}`,
  );
}
