import { expect, test } from 'vitest';
import { Engine } from '../../engine.js';
import { ACK, PUSH, type Segment, tape } from '../../testing/tape.js';

const MS = 1_000_000;
const DELAY = 5 * MS;
const LOST = new Set([70, 85]);

/** An upload in segments of 1000 bytes; the server acknowledges each that comes, and the lost ones are sent again. */
function upload(count: number): Segment[] {
  return Array.from({ length: count }, (_, k): Segment[] => {
    const data: Segment = {
      at: k * 10 * MS,
      flags: PUSH,
      seq: 5000 + k * 1000,
      ack: 900,
      length: 1000,
      id: 100 + 2 * k,
      tsval: 300 + k * 10,
      payload: 1_000_003 * (k + 1),
    };
    const again: Segment = { ...data, at: data.at + 300 * MS, id: 5000 + k, tsval: 600 + k * 10 };
    const at = data.at + DELAY + (LOST.has(k) ? 300 * MS : 0);
    const ack: Segment = { at, from: 'server', flags: ACK, seq: 900, ack: 6000 + k * 1000, id: 7000 + k };
    return LOST.has(k) ? [data, again, ack] : [data, ack];
  }).flat();
}

test('what the receiver sent before its capture began does not make its tap a bad witness', () => {
  const all = upload(140);
  const isLost = (s: Segment) => LOST.has(((s.seq ?? 0) - 5000) / 1000) && (s.id ?? 0) < 5000;
  const arrives = (s: Segment, at: 'client' | 'server'): Segment => {
    const own = (s.from ?? 'client') === at;
    return own ? s : { ...s, at: s.at + DELAY, ttl: 61 };
  };
  const sorted = (segments: Segment[]) => tape(segments.sort((a, b) => a.at - b.at));
  const client = sorted(all.map((s) => arrives(s, 'client')));
  const atServer = all.filter((s) => s.from === 'server' || !isLost(s)).map((s) => arrives(s, 'server'));
  const server = sorted(atServer.filter(({ at }) => at >= 400 * MS));
  const engine = new Engine({ captureId: 't', captureName: '', port: null, vouchComplete: false });
  for (const name of ['client.pcap', 'server.pcap']) engine.addTap({ name, role: null, addresses: [] });
  engine.push(0, client);
  engine.push(1, server);
  const { findings } = engine.report();
  const loss = findings.find(({ code }) => code === 'data-loss');
  expect(loss).toMatchObject({ direction: 'toward-server', blame: 'path', counter: [] });
  expect(loss?.attributes.lost).toBe(LOST.size);
});
