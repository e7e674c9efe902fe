import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FakeAgent } from '../testing/fake-agent.js';
import { Harness } from '../testing/harness.js';
import { BASE_NS, batch, coverage, segments } from '../testing/packets.js';

let harness: Harness;
let web: FakeAgent;
let db: FakeAgent;
let id: string;
let tapId: string;

beforeEach(async () => {
  harness = await Harness.start();
  [web, db] = [await harness.online('web'), await harness.online('db')];
  id = await harness.record(web, db);
  tapId = `${id}-client`;
});
afterEach(async () => {
  await harness.stop();
});

async function clientTap() {
  return (await harness.report(id)).taps[0];
}

test('a batch is acknowledged once it is committed, and counts in the report', async () => {
  const [first, second] = await web.ship(
    batch(tapId, 1, segments(10), coverage(10)),
    batch(tapId, 2, segments(5), coverage(15)),
  );
  expect([first.committedSequence >= 1n, second.committedSequence]).toEqual([true, 2n]);
  expect(await clientTap()).toMatchObject({ packets: 15, gaps: [] });
});

test('what is shipped twice counts once, on the same stream and after a reconnect', async () => {
  const first = batch(tapId, 1, segments(10), coverage(10));
  const answers = await web.ship(first, first, first);
  expect(answers.map(({ committedSequence }) => committedSequence)).toContain(1n);
  const [again] = await web.ship(first);
  expect(again).toEqual({ tapId, committedSequence: 1n, refused: '' });
  expect(await clientTap()).toMatchObject({ packets: 10 });
});

test('a damaged batch ends the stream with data-loss, and comes whole the next time', async () => {
  const whole = batch(tapId, 1, segments(10), coverage(10));
  const columns = Buffer.from(whole.columns);
  columns[columns.length >> 1] ^= 1;
  await expect(web.ship({ ...whole, columns })).rejects.toMatchObject({
    code: status.DATA_LOSS,
    details: expect.stringContaining('send it again'),
  });
  expect((await web.ship(whole))[0].committedSequence).toBe(1n);
  expect(await clientTap()).toMatchObject({ packets: 10, gaps: [] });
});

test('batches that never came are a declared gap, not silence', async () => {
  await web.ship(batch(tapId, 1, segments(10), coverage(10)), batch(tapId, 4, segments(10), coverage(20)));
  expect((await clientTap()).gaps).toEqual([
    expect.objectContaining({ cause: 'missing-batch', packets: null }),
  ]);
});

test('a gap that the agent declared itself is not declared again', async () => {
  const declared = { fromNs: BASE_NS, toNs: BASE_NS + 10n ** 9n, packets: 7n, cause: 'spool-full' };
  await web.ship(
    batch(tapId, 1, segments(10), coverage(10)),
    batch(tapId, 4, segments(10), { ...coverage(27), gaps: [declared] }),
  );
  expect((await clientTap()).gaps).toEqual([expect.objectContaining({ cause: 'spool-full', packets: 7 })]);
});

test('a batch whose columns are no columns is kept and declared as a gap', async () => {
  const whole = batch(tapId, 1, segments(10), coverage(10));
  const { crc32 } = await import('@bothends/proto');
  const columns = Buffer.from('these are not columns');
  await web.ship({ ...whole, columns, crc32: crc32(columns) });
  expect(await clientTap()).toMatchObject({
    packets: 0,
    gaps: [expect.objectContaining({ cause: 'corrupt-batch', packets: 10 })],
  });
});

test("an agent cannot ship into another agent's tap", async () => {
  await expect(db.ship(batch(tapId, 1, segments(10), coverage(10)))).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: expect.stringContaining('belongs to another agent'),
  });
  expect(await clientTap()).toMatchObject({ packets: 0 });
});

test('a tap that nobody knows any more is refused for good, and the stream lives on', async () => {
  const [unknown, known] = await web.ship(
    batch('c-gone-client', 1, segments(1), coverage(1)),
    batch(tapId, 1, segments(3), coverage(3)),
  );
  expect(unknown.refused).toContain('its capture was deleted');
  expect(known).toMatchObject({ committedSequence: 1n, refused: '' });
});

test('numbers that no agent would send are refused', async () => {
  const whole = batch(tapId, 1, segments(1), coverage(1));
  await expect(web.ship({ ...whole, sequence: 0n })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(web.ship({ ...whole, count: 1e6 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
});
