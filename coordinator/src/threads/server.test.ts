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

/** Keeps the thread busy, so that what is asked next waits together. */
const BUSY = 'busy: () => { const end = Date.now() + 50; while (Date.now() < end); }';

test('calls that wait take effect together, and one that fails fails alone', async () => {
  thread = await serving(
    `{ ${BUSY}, add: (n) => { if (n < 0) throw new Error('no ' + n); log.push(n); return n; }, log: () => log }`,
    `(calls) => { log.push('begin'); for (const call of calls) call(); log.push('commit'); }`,
  );
  const busy = thread.call('busy', []);
  // The thread begins with it before the others come.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const answers = await Promise.allSettled([1, -2, 3].map((n) => thread.call('add', [n])));
  await busy;
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await thread.call('log', [])).toEqual(['begin', 1, 3, 'commit']);
});

test('where nothing took effect each call is tried for itself', async () => {
  thread = await serving(
    `{ ${BUSY}, add: (n) => { log.push(n); return n; }, log: () => log }`,
    `(calls) => { calls[0](); log = ['undone']; throw new Error('the disk is full'); }`,
  );
  const busy = thread.call('busy', []);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await Promise.all([1, 2].map((n) => thread.call('add', [n])))).toEqual([1, 2]);
  await busy;
  expect(await thread.call('log', [])).toEqual(['undone', 1, 2]);
});
