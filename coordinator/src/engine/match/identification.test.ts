import { expect, test } from 'vitest';
import { Engine } from '../engine.js';
import { ACK, PUSH, type Segment, SYN, SYN_ACK, tape } from '../testing/tape.js';

const MS = 1_000_000;
const ROUNDS = 20;

/** A connection without TCP time stamps: the client's packets bear the ids that `ids` gives for each tap, by their number. */
function talk(ids: { client: (n: number) => number; server: (n: number) => number }) {
  const seen: Record<'client' | 'server', Segment[]> = { client: [], server: [] };
  let n = 0;
  const up = (s: Segment) => {
    seen.client.push({ ...s, id: ids.client(n) });
    seen.server.push({ ...s, at: s.at + MS, ttl: 61, id: ids.server(n++) });
  };
  const down = (s: Segment) => {
    seen.server.push({ ...s, from: 'server' });
    seen.client.push({ ...s, from: 'server', at: s.at + MS, ttl: 61 });
  };
  up({ at: 0, flags: SYN, seq: 1000, mss: 1460 });
  down({ at: 2 * MS, flags: SYN_ACK, seq: 9000, ack: 1001, mss: 1460 });
  up({ at: 4 * MS, flags: ACK, seq: 1001, ack: 9001 });
  for (let k = 0; k < ROUNDS; k++) {
    const at = (10 + k * 10) * MS;
    up({ at, flags: PUSH, seq: 1001 + k * 500, ack: 9001 + k * 50, length: 500, payload: 1 + k });
    down({
      at: at + 3 * MS,
      flags: PUSH,
      seq: 9001 + k * 50,
      ack: 1501 + k * 500,
      length: 50,
      payload: 99 + k,
      id: 500 + k,
    });
    up({ at: at + 6 * MS, flags: ACK, seq: 1501 + k * 500, ack: 9051 + k * 50 });
  }
  const engine = new Engine({ captureId: 't', captureName: '', port: null, vouchComplete: false });
  for (const name of ['client', 'server'] as const) {
    const tap = engine.addTap({ name, role: null, addresses: [] });
    engine.push(tap, tape(seen[name]));
    engine.finish(tap);
  }
  return engine.report().flows[0]?.packets;
}

const ALL = 2 + 2 * ROUNDS + ROUNDS + 1;
const scrambled = (n: number) => 1 + ((n * 40_503) % 65_535);

test('ids that a device gives to packets without any do not hide them from the other tap', () => {
  expect(talk({ client: () => 0, server: scrambled })).toMatchObject({ matched: ALL, lostToServer: 0 });
});

test('nor do ids that a device takes away', () => {
  expect(talk({ client: (n) => 700 + n, server: () => 0 })).toMatchObject({ matched: ALL, lostToServer: 0 });
});
