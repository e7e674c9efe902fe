import { afterEach, beforeEach, expect, test } from 'vitest';
import { Harness } from './testing/harness.js';
import { batch, coverage, segments } from './testing/packets.js';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness.stop();
});

test('a capture goes from request to report', async () => {
  const web = await harness.online('web');
  const db = await harness.online('db');
  const id = await harness.startCapture();

  const [armWeb, armDb] = [await web.next('arm'), await db.next('arm')];
  expect(armWeb.filter).toBe('port 443');
  expect(armWeb.digestKey).toHaveLength(16);
  expect(armDb.digestKey.equals(armWeb.digestKey)).toBe(true);
  expect(armDb.peerAddresses).not.toContain('127.0.0.1');

  web.state(armWeb.tapId, 'armed');
  db.state(armDb.tapId, 'armed');
  await web.next('start');
  await db.next('start');
  web.state(armWeb.tapId, 'recording');
  db.state(armDb.tapId, 'recording');
  await harness.until(id, 'recording');

  await web.ship(batch(armWeb.tapId, 1, segments(10), coverage(10)));
  await harness.watchUntil(id, ({ capture }) => capture.headline === '10 packets, 0 resets');

  harness.user.stopCapture({ captureId: id }, () => {});
  expect((await web.next('stop')).leadOutMs).toBe(1500);
  expect((await db.next('stop')).discard).toBe(false);
  await web.ship(batch(armWeb.tapId, 2, segments(5), coverage(15, { closed: true })));
  await db.ship(batch(armDb.tapId, 1, segments(7, { reset: true }), coverage(7, { closed: true })));
  web.state(armWeb.tapId, 'complete');
  db.state(armDb.tapId, 'complete');

  const { headline } = await harness.until(id, 'complete');
  const report = await harness.report(id);
  expect(report.headline).toBe('22 packets, 1 resets');
  expect(headline === '' || headline === report.headline || headline.endsWith('resets')).toBe(true);
  expect(report.taps.map((tap: { packets: number }) => tap.packets)).toEqual([15, 7]);
});
