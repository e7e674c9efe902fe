import { afterEach, expect, test } from 'vitest';
import { testCapture } from '../testing/captures.js';
import { batch, coverage, segments } from '../testing/packets.js';
import { ThreadAnalyst } from './thread-analyst.js';

let analyst: ThreadAnalyst;
afterEach(async () => {
  await analyst.close();
});

const capture = testCapture({ phase: { state: 'complete', startedNs: 1n, endedNs: 2n } });

test('the real engine reports from its own thread, each analysis for itself', async () => {
  analyst = new ThreadAnalyst();
  const [one, other] = [analyst.analyse(capture), analyst.analyse(capture)];
  const closed = { closed: true };
  expect(
    await one.feed([
      { role: 'client', batch: batch('c-1-client', 1, segments(10), coverage(10)) },
      { role: 'client', batch: batch('c-1-client', 2, segments(10, { reset: true }), coverage(20, closed)) },
    ]),
  ).toBe(true);
  const far = batch('c-1-server', 1, segments(20), coverage(20, closed));
  expect(await one.feed([{ role: 'server', batch: far }])).toBe(false);
  await one.finish(capture);
  const { json, headline } = await one.report();
  expect(JSON.parse(json)).toMatchObject({ schema: 'bothends.report.v1', headline });
  expect(JSON.parse(json).taps.map(({ packets }: { packets: number }) => packets)).toEqual([20, 20]);
  expect(JSON.parse((await other.report()).json).flows).toEqual([]);
});

test('news come once', async () => {
  analyst = new ThreadAnalyst();
  const analysis = analyst.analyse(capture);
  expect(await analysis.news()).toMatchObject({ faulty: false });
  expect(await analysis.news()).toBeNull();
});

test('an analysis that is closed is gone, and says so', async () => {
  analyst = new ThreadAnalyst();
  const analysis = analyst.analyse(capture);
  analysis.close();
  await expect(analysis.report()).rejects.toThrow('closed already');
});

test('when the thread dies its analyses fail, and the next one gets a new thread', async () => {
  const mortal = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, verb }) => {
      if (verb === 'report') process.exit(1);
      parentPort.postMessage({ kind: 'result', id, result: null });
    });
    parentPort.postMessage({ kind: 'ready' });`;
  analyst = new ThreadAnalyst(new URL(`data:text/javascript,${encodeURIComponent(mortal)}`));
  const first = analyst.analyse(capture);
  await expect(first.report()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(first.news()).rejects.toMatchObject({ code: 'unavailable' });
  expect(await analyst.analyse(capture).news()).toBeNull();
});
