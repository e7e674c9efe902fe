import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { call, Harness } from '../../testing/harness.js';

// Peers that hold something open and say nothing; cut after ten seconds, for which these tests wait together.
let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  await harness.stop();
});

async function refusalsOf(name: string): Promise<string[]> {
  const details: string[] = [];
  for await (const { entries } of harness.user.readAudit({ after: 0n })) {
    for (const { actor, outcome, detail } of entries)
      if (actor === name && outcome === 'refused') details.push(detail);
  }
  return details;
}

/** Waits for an entry: it is on disk a moment after the peer felt the refusal. */
async function expectRefused(name: string, reason: RegExp): Promise<void> {
  const look = async () => expect(await refusalsOf(name)).toContainEqual(expect.stringMatching(reason));
  await vi.waitFor(look, { timeout: 20_000 });
}

test.concurrent('an agent that opens its stream and never says hello is cut, and named', async () => {
  const agent = await harness.agent('mute');
  const ended = await agent.ended;
  expect(ended?.code).toBe(status.INVALID_ARGUMENT);
  expect(ended?.details).toBe('mute opened a control stream and said nothing');
  const reason = 'mute opened a control stream and said nothing';
  await expectRefused('mute', new RegExp(`^${reason}$`));
  await call((done) => harness.user.listAgents({}, done));
});

test.concurrent('one that has said hello stays', async () => {
  const spoken = await harness.online('spoken');
  const mute = await harness.agent('mute-2');
  await mute.ended;
  // Both were opened at about the same time, this one before.
  const open = await Promise.race([spoken.ended, Promise.resolve('open')]);
  expect(open).toBe('open');
});

test.concurrent('a connection whose TLS handshake never comes is cut, and named by its address', async () => {
  const silent = connectTcp(harness.handle.port, '127.0.0.1');
  silent.on('error', () => {}).resume();
  const begun = connectTcp(harness.handle.port, '127.0.0.1');
  begun.on('error', () => {}).resume();
  // The first bytes of a ClientHello, and no more.
  begun.write(Buffer.from('160301', 'hex'));
  await Promise.all([once(silent, 'close'), once(begun, 'close')]);
  await expectRefused('', /no TLS came about: .*timeout/i);
  await call((done) => harness.user.listAgents({}, done));
});
