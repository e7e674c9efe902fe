import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { BothendsClient, CreateLoginLinkResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { call, type Harness } from './harness.js';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Null where the answer is no JSON. */
  json: unknown;
}

/** As much of a browser as the page's server sees: TLS, one cookie, the header against forged requests. */
export class Browser {
  readonly #caPem: string;
  readonly #port: number;
  #cookie = '';
  #csrf = '';

  constructor(harness: Harness, port: number) {
    this.#caPem = harness.context.caPem;
    this.#port = port;
  }

  /** One that is signed in with a link of this user. */
  static async signedIn(harness: Harness, user: BothendsClient = harness.user, role = ''): Promise<Browser> {
    const { token, port } = await loginLink(user, role);
    const browser = new Browser(harness, port);
    const { status, text } = await browser.logIn(token);
    if (status !== 200) throw new Error(`not signed in: ${status} ${text}`);
    return browser;
  }

  async logIn(token: string): Promise<Answer> {
    const answer = await this.post('/api/login', { token });
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    if (cookie !== '') this.#cookie = cookie.split(';')[0] ?? '';
    if (answer.status === 200) this.#csrf = (answer.json as { csrf: string }).csrf;
    return answer;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return await read(await this.#send('GET', path, headers, null));
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const own = { 'content-type': 'application/json', 'x-bothends-csrf': this.#csrf, ...headers };
    return await read(await this.#send('POST', path, own, JSON.stringify(body)));
  }

  /** Server-Sent Events, one at a time; leaving the loop ends the stream. */
  async *events(path: string): AsyncGenerator<{ event: string; data: unknown }> {
    const response = await this.#send('GET', path, {}, null);
    let text = '';
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString();
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const match = /^event: (.+)\ndata: (.+)$/.exec(text.slice(0, end));
        text = text.slice(end + 2);
        if (match) yield { event: match[1], data: JSON.parse(match[2]) };
      }
    }
  }

  async #send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | null,
  ): Promise<IncomingMessage> {
    const sent = request({
      ...{ host: '127.0.0.1', port: this.#port, ca: this.#caPem, method, path, agent: false },
      headers: { ...(this.#cookie && { cookie: this.#cookie }), ...headers },
    });
    sent.end(body ?? undefined);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }
}

export interface Link extends CreateLoginLinkResponse {
  token: string;
  port: number;
}

export async function loginLink(user: BothendsClient, role = '', path = ''): Promise<Link> {
  const made = await call<CreateLoginLinkResponse>((done) => user.createLoginLink({ role, path }, done));
  const url = new URL(made.url);
  return { ...made, token: url.hash.slice(1), port: Number(url.port) };
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
