import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { BothendsClient } from '@bothends/proto/gen/bothends/v1/bothends';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damageIndexOfReports } from '../store/sqlite/damage-for-tests.js';
import { type Answer, Browser, loginLink } from '../testing/browser.js';
import { CLIENT_OPTIONS, clientCredentials } from '../testing/fake-agent.js';
import { call, captureRequest, Harness } from '../testing/harness.js';
import { batch, coverage, segments } from '../testing/packets.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start({ webAddress: '127.0.0.1:0' });
});
afterAll(async () => {
  await harness.stop();
});

const problem = (answer: Answer) => (answer.json as { message: string } | null)?.message ?? answer.text;

describe('signing in', () => {
  test('a link works once, and its session is kept in a cookie that no script and no other site gets', async () => {
    const { token, port, certificateSha256 } = await loginLink(harness.user);
    expect(certificateSha256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const browser = new Browser(harness, port);
    const first = await browser.logIn(token);
    expect(first.json).toMatchObject({ name: 'admin', role: 'admin', mayOperate: true });
    expect(first.headers['set-cookie']?.[0]).toMatch(
      /^__Host-bothends=\S{43}; Path=\/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect((await browser.get('/api/session')).json).toMatchObject({ name: 'admin' });
    const second = await new Browser(harness, port).logIn(token);
    expect(second.status).toBe(401);
    expect(problem(second)).toContain('`bothends login-link` prints a new one');
  });

  test('after signing out the cookie is worth nothing', async () => {
    const browser = await Browser.signedIn(harness);
    expect((await browser.post('/api/logout', {})).status).toBe(204);
    expect((await browser.get('/api/captures')).status).toBe(401);
  });

  test('signing out ends what is being followed', async () => {
    const own = await Harness.start({ webAddress: '127.0.0.1:0' });
    const id = await own.record(await own.online('one'), await own.online('other'));
    const browser = await Browser.signedIn(own);
    const events: string[] = [];
    for await (const { event } of browser.events(`/api/captures/${id}/events`)) {
      events.push(event);
      if (events.length > 1) continue;
      await browser.post('/api/logout', {});
      own.user.stopCapture({ captureId: id }, () => {});
    }
    expect(events).toEqual(['state']);
    await own.stop();
  });

  test('a link carries the role that was asked for', async () => {
    const viewer = await Browser.signedIn(harness, harness.user, 'viewer');
    expect((await viewer.get('/api/session')).json).toMatchObject({ role: 'viewer', mayOperate: false });
  });

  test('an address that guesses is told to wait', async () => {
    const own = await Harness.start({ webAddress: '127.0.0.1:0' });
    const { token, port } = await loginLink(own.user);
    const browser = new Browser(own, port);
    const answers: Answer[] = [];
    for (let i = 0; i < 11; i++) answers.push(await browser.logIn(`guess-${i}`));
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429]);
    expect(Number(answers[10]?.headers['retry-after'])).toBeGreaterThan(0);
    // Even the right one has to wait, or the wait would tell right from wrong.
    expect((await browser.logIn(token)).status).toBe(429);
    await own.stop();
  });
});

describe('who may do what', () => {
  const READS = [
    '/api/session',
    '/api/agents',
    '/api/captures',
    '/api/captures/c-1',
    '/api/captures/c-1/events',
    '/api/captures/c-1/summary',
    '/api/captures/c-1/report.json',
    '/api/captures/c-1/flows',
    '/api/captures/c-1/flows/f-1',
    '/api/captures/c-1/findings/x1',
  ];

  test('nothing is read without a session', async () => {
    const { port } = await loginLink(harness.user);
    const stranger = new Browser(harness, port);
    for (const path of READS) {
      const answer = await stranger.get(path);
      expect(answer.status, path).toBe(401);
      expect(problem(answer)).toContain('bothends login-link');
    }
  });

  test('a viewer sees all, and starts and stops nothing', async () => {
    const viewer = await Browser.signedIn(harness, harness.user, 'viewer');
    for (const path of READS) expect([200, 404], path).toContain((await viewer.get(path)).status);
    for (const path of ['/api/captures', '/api/captures/c-1/stop']) {
      const answer = await viewer.post(path, { client: 'web', server: 'db' });
      expect(answer.status).toBe(403);
      expect(problem(answer)).toContain('it is for the role operator');
    }
  });

  test('what another site sends in the name of somebody who is signed in is refused', async () => {
    const browser = await Browser.signedIn(harness);
    const body = { client: 'web', server: 'db' };
    expect((await browser.post('/api/captures', body, { 'x-bothends-csrf': '' })).status).toBe(403);
    expect((await browser.post('/api/captures', body, { 'x-bothends-csrf': 'x'.repeat(43) })).status).toBe(
      403,
    );
    expect((await browser.post('/api/captures', body, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await browser.post('/api/login', {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await browser.post('/api/captures', body, { 'content-type': 'text/plain' })).status).toBe(400);
  });
});

describe('a capture', () => {
  test('is started, followed and stopped, and its report is read', async () => {
    const [web, db] = [await harness.online('web'), await harness.online('db')];
    const browser = await Browser.signedIn(harness);
    expect((await browser.get('/api/agents')).json).toMatchObject([
      { name: 'web', online: true },
      { name: 'db' },
    ]);
    const started = await browser.post('/api/captures', {
      client: 'web',
      server: 'db',
      port: 443,
      filter: 'tcp',
    });
    const { id } = started.json as { id: string };
    for (const agent of [web, db]) expect((await agent.next('arm')).filter).toBe('(port 443) and (tcp)');
    web.state(`${id}-client`, 'armed');
    db.state(`${id}-server`, 'armed');
    for (const agent of [web, db]) await agent.next('start');
    web.state(`${id}-client`, 'recording');
    db.state(`${id}-server`, 'recording');
    await harness.until(id, 'recording');

    const seen: string[] = [];
    const following = (async () => {
      for await (const { event, data } of browser.events(`/api/captures/${id}/events`)) {
        if (event === 'state') seen.push((data as { state: string }).state);
        if (event === 'findings') seen.push((data as { code: string }[])[0]?.code ?? '');
        if (event === 'over') return;
      }
    })();
    await web.ship(batch(`${id}-client`, 1, segments(10, { reset: true }), coverage(10, { closed: true })));
    await harness.watchUntil(id, ({ capture }) => capture.headline.startsWith('10 packets'));
    expect((await browser.post(`/api/captures/${id}/stop`, {})).status).toBe(204);
    await db.ship(batch(`${id}-server`, 1, segments(7), coverage(7, { closed: true })));
    web.state(`${id}-client`, 'complete');
    db.state(`${id}-server`, 'complete');
    await following;
    expect(seen).toContain('recording');
    expect(seen).toContain('rst-genuine');
    expect(seen.at(-1)).toMatch(/complete|rst-genuine/);

    const summary = await browser.get(`/api/captures/${id}/summary`);
    expect(summary.json).toMatchObject({
      headline: '17 packets, 1 resets',
      faults: [{ lead: { code: 'rst-genuine' } }],
    });
    expect((await browser.get(`/api/captures/${id}/flows`)).json).toMatchObject({ total: 0, flows: [] });
    expect((await browser.get(`/api/captures/${id}/findings/x1`)).json).toMatchObject({ lead: { id: 'x1' } });
    const file = await browser.get(`/api/captures/${id}/report.json`);
    expect(file.text).toBe(await harness.reportText(id));
    expect(file.headers['content-disposition']).toContain(`${id}.json`);
  });

  test('that waits for an owner says for whom, and what it asks for beyond headers', async () => {
    const own = await Harness.start({ webAddress: '127.0.0.1:0' });
    await own.online('web');
    const db = await own.agent('db');
    db.hello({ consentOwners: ['olga', 'otto'] });
    await db.next('welcome');
    const id = await own.startCapture({ clearNames: true });
    await own.until(id, 'asking');
    const browser = await Browser.signedIn(own);
    const { json } = await browser.get(`/api/captures/${id}`);
    expect(json).toMatchObject({ state: 'asking', taps: [{ waitsFor: [] }, { waitsFor: ['olga', 'otto'] }] });
    expect(json).toMatchObject({ extras: 'names in clear' });
    await own.stop();
  });

  test('is approved by an owner with a link of their own, and by nobody with one made for others', async () => {
    const own = await Harness.start({ webAddress: '127.0.0.1:0' });
    await own.online('web');
    const db = await own.agent('db');
    db.hello({ consentOwners: ['admin'] });
    await db.next('welcome');
    const tls = clientCredentials(own.context.caPem, await own.createUser('olga', 'operator'));
    const olga = new BothendsClient(own.handle.address, tls, CLIENT_OPTIONS);
    const request = captureRequest();
    const { captureId } = await call<{ captureId: string }>((done) => olga.startCapture(request, done));
    await own.until(captureId, 'asking');
    const path = `/api/captures/${captureId}/approve`;
    const guest = await (await Browser.signedIn(own, own.user, 'operator')).post(path, {});
    expect([guest.status, problem(guest)]).toEqual([403, expect.stringContaining('for somebody else')]);
    const owner = await Browser.signedIn(own);
    const approved = await owner.post(path, {});
    expect([approved.status, approved.json]).toEqual([200, { agents: ['db'] }]);
    // To ask is to consent, for an owner; not for somebody who was given the owner's link.
    const states = [];
    for (const browser of [await Browser.signedIn(own, own.user, 'operator'), owner]) {
      const { json } = await browser.post('/api/captures', { client: 'web', server: 'db' });
      states.push((await own.state((json as { id: string }).id)).state === 'asking');
    }
    expect(states).toEqual([true, false]);
    olga.close();
    await own.stop();
  });

  test('what is wrong with a request is said in words', async () => {
    const browser = await Browser.signedIn(harness);
    const unknown = await browser.get('/api/captures/c-nothing/summary');
    expect([unknown.status, problem(unknown)]).toEqual([
      404,
      expect.stringContaining('there is no capture "c-nothing"'),
    ]);
    const port = await browser.get('/api/captures/c-1/flows?port=70000');
    expect([port.status, problem(port)]).toEqual([400, 'port is a whole number up to 65535']);
    const host = await browser.post('/api/captures', { client: 'wbe', server: 'db' });
    expect([host.status, problem(host)]).toEqual([404, expect.stringContaining('did you mean')]);
    const type = await browser.post('/api/captures', { client: 1, server: 'db' });
    expect([type.status, problem(type)]).toEqual([400, expect.stringContaining('are texts')]);
    const large = await browser.post('/api/captures', { client: 'x'.repeat(20_000), server: 'db' });
    expect([large.status, problem(large)]).toEqual([400, expect.stringContaining('more than 16384 bytes')]);
  });
});

describe('the page', () => {
  test('is one document at every address, and all that it loads comes from here', async () => {
    const { port } = await loginLink(harness.user);
    const browser = new Browser(harness, port);
    const { text, headers } = await browser.get('/captures/c-1/findings/x1');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(text).not.toMatch(/https?:\/\//);
    const loaded = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path);
    expect(loaded.length).toBeGreaterThan(10);
    for (const path of loaded) {
      const file = await browser.get(path);
      expect(file.status, path).toBe(200);
      // A name that only node resolves would stop the page.
      for (const [, name] of file.text.matchAll(/\bfrom\s*["']([^"']+)["']/g))
        expect(name, path).toMatch(/^[./]/);
    }
  });

  test('a file that has not changed is not sent again, and one that is none is not found', async () => {
    const { port } = await loginLink(harness.user);
    const browser = new Browser(harness, port);
    const { headers } = await browser.get('/assets/style.css');
    expect((await browser.get('/assets/style.css', { 'if-none-match': String(headers.etag) })).status).toBe(
      304,
    );
    for (const path of ['/assets/page/%2e%2e/index.js', '/assets/nothing.js', '/api/nothing']) {
      expect((await browser.get(path)).status, path).toBe(404);
    }
  });
});

describe('metrics', () => {
  test('are for whoever has the token, and say how agents and captures are', async () => {
    const { port } = await loginLink(harness.user);
    const scraper = new Browser(harness, port);
    expect((await scraper.get('/metrics')).status).toBe(401);
    expect((await scraper.get('/metrics', { authorization: 'Bearer wrong' })).status).toBe(401);
    const token = (await readFile(join(harness.dataDir, 'metrics-token'), 'utf8')).trim();
    const { text, headers } = await scraper.get('/metrics', { authorization: `Bearer ${token}` });
    expect(headers['content-type']).toContain('version=0.0.4');
    const samples = new Map(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(/ (?=\S+$)/) as [string, string]),
    );
    expect(samples.get('bothends_agent_up{agent="web"}')).toBe('1');
    expect(samples.get('bothends_captures{state="complete"}')).toBe('1');
    expect(samples.get('bothends_findings_total{code="rst-genuine"}')).toBe('1');
    expect(samples.get('bothends_findings_total{code="rst-forged"}')).toBe('0');
    // By the tests above, whoever was refused.
    expect(Number(samples.get('bothends_refusals_total{what="page"}'))).toBeGreaterThan(0);
    for (const value of samples.values()) expect(Number.isFinite(Number(value))).toBe(true);
  });
});

test('a fault that a live capture finds is told to the webhook, signed, with a link to the page', async () => {
  const secret = 'a secret that both sides know';
  const receiver = createServer().listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const own = await Harness.start({
    webAddress: '127.0.0.1:0',
    webhook: { url: `http://127.0.0.1:${port}/`, secret },
  });
  const web = await own.online('web');
  const id = await own.record(web, await own.online('db'));
  const posted = once(receiver, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  await web.ship(batch(`${id}-client`, 1, segments(3, { reset: true }), coverage(3)));
  const [request, response] = await posted;
  const body = await readText(request);
  response.end();
  const [, time, mac] = /^t=(\d+),v1=(\w+)$/.exec(String(request.headers['x-bothends-signature'])) ?? [];
  expect(mac).toBe(createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'));
  const { port: webPort } = await loginLink(own.user);
  expect(JSON.parse(body)).toMatchObject({
    finding: { code: 'rst-genuine' },
    url: expect.stringMatching(new RegExp(`:${webPort}/captures/${id}/findings/x1$`)),
  });
  await own.stop();
  receiver.close();
});

test('a store that is damaged keeps nobody from working, and /healthz tells it to whoever asks', async () => {
  const own = await Harness.start({ webAddress: '127.0.0.1:0' });
  const health = async () => {
    const { port } = await loginLink(own.user);
    return await new Browser(own, port).get('/healthz');
  };
  await expect.poll(async () => (await health()).json).toEqual({ status: 'ok', store: 'whole' });
  await own.restart(() => damageIndexOfReports(own.dataDir), { webAddress: '127.0.0.1:0' });
  await expect.poll(async () => (await health()).json).toEqual({ status: 'degraded', store: 'damaged' });
  expect((await health()).status).toBe(200);
  await own.record(await own.online('web'), await own.online('db'));
  await own.stop();
});

test('without a page there is no link to it', async () => {
  const other = await Harness.start();
  await expect(loginLink(other.user)).rejects.toThrow('this coordinator serves no page');
  await other.stop();
});
