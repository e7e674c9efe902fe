import { BothendsError } from '@bothends/proto';
import { expect, test } from 'vitest';
import type { Store } from '../store/store.js';
import { testCapture } from '../testing/captures.js';
import { batch, coverage, segments } from '../testing/packets.js';
import { Ingest } from './ingest.js';

test('why a tap cannot be committed is known until it can, and nothing is skipped', async () => {
  const capture = testCapture();
  const tap = capture.taps[0];
  const full = new BothendsError('resource-exhausted', "the coordinator's disk is full");
  const disk = { full: true };
  const store = {
    totals: async () => ({ sequence: 0n, packets: 0n }),
    commit: async () => {
      if (disk.full) throw full;
    },
  } as unknown as Store;
  const ingest = new Ingest(store, { find: () => ({ capture, tap }), committed: async () => {} });
  const first = batch(tap.id, 1, segments(3), coverage(3));
  await expect((await ingest.accept('web', first)).acknowledged).rejects.toBe(full);
  expect(await ingest.totals(tap.id)).toMatchObject({ sequence: 0n, trouble: full.message });
  disk.full = false;
  await (await ingest.accept('web', first)).acknowledged;
  expect(await ingest.totals(tap.id)).toEqual({ sequence: 1n, packets: 3n, trouble: '' });
});
