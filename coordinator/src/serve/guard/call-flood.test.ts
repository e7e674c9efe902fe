import { once } from 'node:events';
import { connect } from 'node:http2';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, Harness } from '../../testing/harness.js';
import { systemClock } from '../../time.js';

/** Calls that one caller has at once, as `call-rate.ts` says. */
const BURST = 2_000;
const CALLS = BURST + 500;
/** Open at a time, below what a connection may have. */
const AT_A_TIME = 90;

/** The coordinator's clock stands still, so that no credit is earned: how fast this machine calls makes no difference. */
let harness: Harness;
beforeAll(async () => {
  const clock = systemClock();
  const now = clock.nowNs();
  harness = await Harness.start({}, { ...clock, nowNs: () => now });
});
afterAll(async () => {
  await harness.stop();
});

test('who calls faster than anybody needs is refused and named, and the others are not', async () => {
  const own = await harness.createUser('fast', 'viewer');
  const session = connect(`https://127.0.0.1:${harness.handle.port}`, {
    ...{ ca: harness.context.caPem, cert: own.certificatePem, key: own.keyPem },
    servername: 'bothends-coordinator',
  });
  session.on('error', () => {});
  await once(session, 'connect');
  const codes = new Map<number, number>();
  const one = async () => {
    const headers = { ':method': 'POST', ':path': BothendsService.listCaptures.path };
    const stream = session.request({ ...headers, 'content-type': 'application/grpc', te: 'trailers' });
    const note = (answer: Record<string, unknown>) => {
      const code = Number(answer['grpc-status']);
      if (!Number.isNaN(code)) codes.set(code, (codes.get(code) ?? 0) + 1);
    };
    stream.on('response', note).on('trailers', note).resume();
    // An empty message.
    stream.end(Buffer.alloc(5));
    await once(stream, 'close');
  };
  let left = CALLS;
  const caller = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, caller));
  session.destroy();
  expect([...codes].sort()).toEqual([
    [status.OK, BURST],
    [status.RESOURCE_EXHAUSTED, CALLS - BURST],
  ]);
  await call((done) => harness.user.listAgents({}, done));
  await expect
    .poll(refusalsOfFast, { timeout: 20_000 })
    .toContainEqual(expect.stringContaining('viewer fast makes more than 500 calls a second'));
});

async function refusalsOfFast(): Promise<string[]> {
  const details: string[] = [];
  for await (const { entries } of harness.user.readAudit({ after: 0n })) {
    for (const { actor, outcome, detail } of entries)
      if (actor === 'fast' && outcome === 'refused') details.push(detail);
  }
  return details;
}
