import type { PacketTable, Report } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Engine } from '../engine.js';
import { PUSH, type Segment, tape } from '../testing/tape.js';

const MS = 1_000_000;
const SHIFT = 987_654_321;

/** What the path does to a segment of each end on its way. */
type Device = (segment: Segment) => Segment;

function report(client: PacketTable, server: PacketTable): Report {
  const engine = new Engine({ captureId: 't', captureName: '', port: null, vouchComplete: false });
  for (const name of ['client.pcap', 'server.pcap']) engine.addTap({ name, role: null, addresses: [] });
  engine.push(0, client);
  engine.push(1, server);
  engine.finish(0);
  engine.finish(1);
  return engine.report();
}

/** A download that was under way before either capture began: data one way, ACKs the other; 5 ms each way. */
function download(segments: number): { at: number; segment: Segment }[] {
  return Array.from({ length: segments }, (_, k) => [
    {
      at: k * 10 * MS,
      segment: {
        at: 0,
        from: 'server' as const,
        flags: PUSH,
        seq: 70_000 + k * 1000,
        ack: 4000,
        length: 1000,
        id: 100 + k,
        tsval: 500 + k * 10,
        payload: 1_000_003 * (k + 1),
      },
    },
    {
      at: k * 10 * MS + 5 * MS,
      segment: { at: 0, seq: 4000, ack: 71_000 + k * 1000, id: 900 + k, tsval: 7_000 + k * 10 },
    },
  ]).flat();
}

/** As both ends see it; each tap misses what came before it was started, ms. */
function bothSee(device: Device, starts = { client: 0, server: 0 }): Report {
  const all = download(60);
  const client: Segment[] = [];
  const server: Segment[] = [];
  for (const { at, segment } of all) {
    const fromServer = segment.from === 'server';
    const outside = device(segment);
    client.push({ ...segment, at: fromServer ? at + 5 * MS : at, ttl: fromServer ? 61 : 64 });
    server.push({ ...outside, at: fromServer ? at : at + 5 * MS, ttl: fromServer ? 64 : 61 });
  }
  const from = (segments: Segment[], start: number) =>
    tape(segments.filter(({ at }) => at >= start * MS).sort((a, b) => a.at - b.at));
  return report(from(client, starts.client), from(server, starts.server));
}

/** Shifts the client's sequence numbers toward the server, as a firewall that makes initial ones random. */
const shifting: Device = (s) =>
  s.from === 'server'
    ? { ...s, ack: ((s.ack ?? 0) + SHIFT) >>> 0 }
    : { ...s, seq: ((s.seq ?? 0) + SHIFT) >>> 0 };
const translating: Device = (s) => ({ ...s, clientAddress: '192.0.2.9', clientPort: 61_000 });

test('numbers of an end that only acknowledges are known from what it is answered', () => {
  const { flows, findings } = bothSee(shifting);
  expect(flows).toHaveLength(1);
  expect(flows[0]?.packets).toMatchObject({ matched: 120, lostToServer: 0, lostToClient: 0 });
  expect(findings).toEqual([]);
});

test('a connection behind NAT with shifted numbers is joined in mid-stream', () => {
  const { flows, findings } = bothSee((s) => translating(shifting(s)));
  expect(flows).toHaveLength(1);
  expect(flows[0]?.packets).toMatchObject({ matched: 120, lostToServer: 0, lostToClient: 0 });
  expect(findings.map(({ code }) => code)).toEqual(['nat']);
});

test.each([
  { client: 0, server: 150 },
  { client: 150, server: 0 },
])('a connection behind NAT is joined though one capture began later: %o', (starts) => {
  const { flows } = bothSee(translating, starts);
  expect(flows).toHaveLength(1);
  expect(flows[0]?.packets.matched).toBeGreaterThan(85);
});

test('equal heartbeats of two connections do not join them', () => {
  const beat = (k: number, more: Partial<Segment>): Segment => ({
    at: k * 1000 * MS,
    flags: PUSH,
    seq: 5000 + k * 20,
    ack: 1,
    length: 20,
    payload: 77,
    id: 10 + k,
    ...more,
  });
  const beats = Array.from({ length: 20 }, (_, k) => k);
  const client = beats.map((k) => beat(k, { tsval: 1_000 + k * 1000 }));
  const server = beats.map((k) =>
    beat(k, { tsval: 800_000 + k * 1000, seq: 90_000 + k * 20, clientAddress: '192.0.2.9', ttl: 61 }),
  );
  expect(report(tape(client), tape(server)).flows.every(({ packets }) => packets.matched === 0)).toBe(true);
});

test('super-packets are found again though the other capture is full of what came before', () => {
  const stale = 400;
  const segment = (k: number, at: number): Segment => ({
    at,
    from: 'server',
    flags: PUSH,
    seq: 1000 + k * 1000,
    ack: 1,
    length: 1000,
    tsval: 100 + k,
    ttl: 61,
  });
  const early = Array.from({ length: stale }, (_, k) => segment(k, k * MS));
  const cut: Segment[] = [];
  const whole: Segment[] = [];
  for (let n = 0; n < 40; n++) {
    const first = stale + n * 4;
    const at = (stale + 10 + n * 10) * MS;
    whole.push({ ...segment(first, at), length: 4000, tsval: 9000 + n, ttl: 64 });
    for (let k = 0; k < 4; k++) cut.push({ ...segment(first + k, at + 5 * MS + k * 1000), tsval: 9000 + n });
  }
  const ack = (at: number, ttl: number): Segment => ({ at, seq: 1, ack: 1000, id: 77, tsval: 5, ttl });
  const end = (stale + 500) * MS;
  const client = tape([...early, ...cut, ack(end, 64)]);
  const server = tape([...whole, ack(end + 5 * MS, 61)]);
  expect(report(client, server).flows[0]?.packets).toMatchObject({ lostToClient: 0, matched: 161 });
});

test('a payload that comes again later, with nothing else to tell the two apart, is no shift of their numbers', () => {
  // IPv6 without time stamps: no id, and one flow label for all.
  const asIpv6 = (segments: Segment[]) => {
    const table = tape(segments);
    table.ipVersion.fill(6);
    table.flowLabel.fill(7111);
    return table;
  };
  const sent = Array.from({ length: 200 }, (_, k): Segment => {
    const payload = 1 + (k % 100 === 0 ? 0 : k);
    return {
      at: k * MS,
      from: 'server',
      flags: PUSH,
      seq: 70_000 + k * 1000,
      ack: 4000,
      length: 1000,
      payload,
    };
  });
  const received = sent.slice(100).map((s) => ({ ...s, at: s.at + 5 * MS, ttl: 61 }));
  const { findings, flows } = report(asIpv6(received), asIpv6(sent));
  expect(findings.map(({ code }) => code)).not.toContain('payload-altered');
  expect(flows[0]?.packets).toMatchObject({ clientTap: 100, serverTap: 200, lostToClient: 0 });
});
