import { afterEach, expect, test } from 'vitest';
import { ThreadClient } from './client.js';

const SERVER = new URL('../../dist/threads/server.js', import.meta.url).href;

let thread: ThreadClient;
afterEach(async () => {
  await thread.close();
});

/** A thread that serves `verbs`, written as the source of an object, with `together` beside them. */
async function serving(verbs: string, together: string): Promise<ThreadClient> {
  const module = `
    import { serveCalls } from ${JSON.stringify(SERVER)};
    let log = [];
    serveCalls(() => ({ verbs: ${verbs}, together: ${together}, close: () => {} }));`;
  return await ThreadClient.start(
    new URL(`data:text/javascript,${encodeURIComponent(module)}`),
    'test thread',
  );
}

/** Says that it has begun, and keeps the thread busy until it is told: what is asked meanwhile waits together. */
const BUSY = 'busy: (gate) => { Atomics.store(gate, 0, 1); Atomics.wait(gate, 1, 0); }';

/** Asks for all of that while the thread is busy, and lets it go on. */
async function together<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const busy = thread.call('busy', [gate]);
  await expect.poll(() => Atomics.load(gate, 0)).toBe(1);
  const answers = ask();
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
  await busy;
  return await answers;
}

test('calls that wait take effect together, and one that fails fails alone', async () => {
  thread = await serving(
    `{ ${BUSY}, add: (n) => { if (n < 0) throw new Error('no ' + n); log.push(n); return n; }, log: () => log }`,
    `(calls) => { log.push('begin'); for (const call of calls) call(); log.push('commit'); }`,
  );
  const answers = await together(() => Promise.allSettled([1, -2, 3].map((n) => thread.call('add', [n]))));
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await thread.call('log', [])).toEqual(['begin', 1, 3, 'commit']);
});

test('where nothing took effect each call is tried for itself', async () => {
  thread = await serving(
    `{ ${BUSY}, add: (n) => { log.push(n); return n; }, log: () => log }`,
    `(calls) => { calls[0](); log = ['undone']; throw new Error('the disk is full'); }`,
  );
  const answers = await together(() => Promise.all([1, 2].map((n) => thread.call('add', [n]))));
  expect(answers).toEqual([1, 2]);
  expect(await thread.call('log', [])).toEqual(['undone', 1, 2]);
});
