import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Finding } from '@bothends/proto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Capture } from '../../captures/capture.js';
import type { Clock } from '../../time.js';
import { Webhook } from './webhook.js';

const SECRET = 'a secret that the receiver shares';
const NOW_S = 1_767_225_600;

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server;
let received: Received[];
let waited: number[];
/** Status of each answer, the last one for all that follow. */
let answers: number[];
let arrived: () => void;

beforeEach(async () => {
  received = [];
  waited = [];
  answers = [204];
  arrived = () => {};
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead((answers.length > 1 ? answers.shift() : answers[0]) ?? 500).end();
      arrived();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function until(count: number): Promise<void> {
  while (received.length < count) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
}

/** Time passes at once, and is written down. */
const clock: Clock = {
  nowNs: () => BigInt(NOW_S) * 1_000_000_000n,
  after: (ms, action) => {
    waited.push(ms);
    const timer = setImmediate(action);
    return () => clearImmediate(timer);
  },
};

function webhook(): Webhook {
  const { port } = server.address() as AddressInfo;
  const options = { url: `http://127.0.0.1:${port}/hook`, secret: SECRET };
  const link = (capture: string, finding: string) =>
    `https://ops-1:7480/captures/${capture}/findings/${finding}`;
  return new Webhook(options, { clock, logger: pino({ level: 'silent' }), link });
}

const capture = { id: 'c-7kq2m3pa', name: 'web-db' } as Capture;

function finding(change: Partial<Finding> = {}): Finding {
  return {
    id: 'x1',
    code: 'rst-forged',
    grade: 'proven',
    flow: 'f1',
    direction: 'toward-server',
    sender: 'path',
    cause: null,
    blame: 'path',
    at: null,
    statement: 'The RST was *never* sent by the client.',
    attributes: {},
    evidence: [{ kind: 'absent', text: 'the client does not have it', packets: [] }],
    counter: [],
    assumptions: [],
    missing: [],
    consequenceOf: null,
    remedy: 'Ask `m2`.',
    ...change,
  };
}

test('a fault is told with its markdown, its link, and a signature that holds for this body and time alone', async () => {
  const hook = webhook();
  hook.finding(capture, finding());
  await until(1);
  const [{ headers, body }] = received as [Received];
  const mac = createHmac('sha256', SECRET).update(`${NOW_S}.${body}`).digest('hex');
  expect(headers['x-bothends-signature']).toBe(`t=${NOW_S},v1=${mac}`);
  expect(headers['x-bothends-delivery']).toBe('c-7kq2m3pa/x1/proven');
  const message = JSON.parse(body);
  expect(message).toMatchObject({
    schema: 'bothends.webhook.v1',
    capture: { id: 'c-7kq2m3pa' },
    finding: { code: 'rst-forged', grade: 'proven' },
    url: 'https://ops-1:7480/captures/c-7kq2m3pa/findings/x1',
  });
  expect(message.markdown).toContain('### `rst-forged`: proven');
  expect(message.markdown).toContain('\\*never\\*');
  expect(message.markdown).toContain('Ask `m2`.');
  await hook.close();
});

test('a receiver that fails is tried again, each time later, and gets them in order', async () => {
  answers = [503, 429, 204];
  const hook = webhook();
  hook.finding(capture, finding());
  hook.finding(capture, finding({ id: 'x2' }));
  await until(4);
  expect(received.map(({ headers }) => headers['x-bothends-delivery'])).toEqual([
    'c-7kq2m3pa/x1/proven',
    'c-7kq2m3pa/x1/proven',
    'c-7kq2m3pa/x1/proven',
    'c-7kq2m3pa/x2/proven',
  ]);
  expect(waited).toEqual([1000, 2000]);
  await hook.close();
});

test('a receiver that refuses is not asked again, one that stays away is given up', async () => {
  answers = [400];
  const hook = webhook();
  hook.finding(capture, finding());
  hook.finding(capture, finding({ id: 'x2' }));
  await until(2);
  answers = [500];
  hook.finding(capture, finding({ id: 'x3' }));
  hook.finding(capture, finding({ id: 'x4' }));
  await until(2 + 8 + 1);
  expect(
    received.filter(({ headers }) => headers['x-bothends-delivery'] === 'c-7kq2m3pa/x3/proven'),
  ).toHaveLength(8);
  await hook.close();
});

test('nobody is woken by a note, by doubt, or by what follows from something else', async () => {
  const hook = webhook();
  hook.finding(capture, finding({ code: 'nat' }));
  hook.finding(capture, finding({ grade: 'inconclusive' }));
  hook.finding(capture, finding({ consequenceOf: 'x0' }));
  hook.finding(capture, finding({ id: 'x9' }));
  await until(1);
  expect(received[0]?.headers['x-bothends-delivery']).toBe('c-7kq2m3pa/x9/proven');
  await hook.close();
});

test('closing gives up what waits, at once', async () => {
  answers = [503];
  const hook = webhook();
  hook.finding(capture, finding());
  await until(1);
  await hook.close();
  expect(received.length).toBeLessThan(8);
});
