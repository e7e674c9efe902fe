import type { FlowReport, PacketTable, Report } from '@bothends/proto';
import { describe, expect, test } from 'vitest';
import { Engine } from '../engine.js';
import { ACK, PUSH, type Segment, SYN, SYN_ACK, tape } from '../testing/tape.js';

const MS = 1_000_000;

function report(client: PacketTable, server: PacketTable): Report {
  const engine = new Engine({ captureId: 't', captureName: '', port: null, vouchComplete: false });
  engine.addTap({ name: 'client.pcap', role: null, addresses: [] });
  engine.addTap({ name: 'server.pcap', role: null, addresses: [] });
  engine.push(0, client);
  engine.push(1, server);
  engine.finish(0);
  engine.finish(1);
  return engine.report();
}

function only(r: Report): FlowReport {
  expect(r.flows).toHaveLength(1);
  return r.flows[0] as FlowReport;
}

/** A handshake as both ends see it over three routers and 5 ms each way. */
function opening(overrides: Partial<Segment> = {}): { client: Segment[]; server: Segment[] } {
  const syn: Segment = { at: 0, flags: SYN, seq: 1000, id: 1, mss: 1460, ...overrides };
  const synAck: Segment = { at: 5 * MS, from: 'server', flags: SYN_ACK, seq: 9000, ack: 1001, mss: 1460 };
  const ack: Segment = { at: 10 * MS, seq: 1001, ack: 9001, id: 2, ...overrides };
  return {
    client: [syn, { ...synAck, at: 10 * MS, ttl: 61 }, ack],
    server: [{ ...syn, at: 5 * MS, ttl: 61 }, synAck, { ...ack, at: 15 * MS, ttl: 61 }],
  };
}

describe('the same packet at the other tap', () => {
  test('a super-packet and the wire segments cut from it are one transmission', () => {
    const { client, server } = opening();
    client.push({ at: 20 * MS, flags: PUSH, seq: 1001, ack: 9001, id: 3, length: 4380 });
    for (let k = 0; k < 3; k++) {
      server.push({
        at: 25 * MS + k,
        flags: ACK,
        seq: 1001 + k * 1460,
        ack: 9001,
        id: 3 + k,
        length: 1460,
        ttl: 61,
      });
    }
    const late = { at: 40 * MS, from: 'server' as const, seq: 9001, ack: 5381, id: 7 };
    server.push(late);
    client.push({ ...late, at: 45 * MS, ttl: 61 });
    expect(only(report(tape(client), tape(server))).packets).toMatchObject({
      lostToServer: 0,
      lostToClient: 0,
    });
  });

  test('segments merged by the receiver match those that left one by one, whatever the borders', () => {
    const { client, server } = opening();
    for (let k = 0; k < 6; k++) {
      client.push({ at: 20 * MS + k, seq: 1001 + k * 1000, ack: 9001, id: 3 + k, length: 1000 });
    }
    server.push({ at: 25 * MS, seq: 1001, ack: 9001, id: 3, length: 2000, ttl: 61 });
    server.push({ at: 25 * MS + 9, seq: 3001, ack: 9001, id: 5, length: 4000, ttl: 61 });
    expect(only(report(tape(client), tape(server))).packets).toMatchObject({ clientTap: 9, lostToServer: 0 });
  });

  test('one segment lost out of a super-packet is one lost segment, and its retransmission is another transmission', () => {
    const { client, server } = opening();
    client.push({ at: 20 * MS, flags: PUSH, seq: 1001, ack: 9001, id: 3, length: 4380 });
    server.push({ at: 25 * MS, seq: 1001, ack: 9001, id: 3, length: 1460, ttl: 61 });
    server.push({ at: 25 * MS + 2, seq: 3921, ack: 9001, id: 5, length: 1460, ttl: 61 });
    client.push({ at: 220 * MS, seq: 2461, ack: 9001, id: 6, length: 1460 });
    server.push({ at: 225 * MS, seq: 2461, ack: 9001, id: 6, length: 1460, ttl: 61 });
    const done: Segment = { at: 226 * MS, from: 'server', seq: 9001, ack: 5381, id: 20 };
    server.push(done, { ...done, at: 400 * MS, id: 21 });
    client.push({ ...done, at: 231 * MS, ttl: 61 }, { ...done, at: 405 * MS, id: 21, ttl: 61 });
    expect(only(report(tape(client), tape(server))).packets.lostToServer).toBe(1);
  });

  test('a segment of a super-packet that comes after its own retransmission is no copy of that', () => {
    const { client, server } = opening({ tsval: 50, id: 0 });
    const data: Segment = { at: 20 * MS, flags: PUSH, seq: 1001, ack: 9001, id: 0, tsval: 60, length: 4380 };
    const piece = (k: number, at: number): Segment => ({
      ...data,
      at,
      seq: 1001 + k * 1460,
      length: 1460,
      ttl: 61,
    });
    // Sent again within the tick of the time stamp, and without IP ids: nothing tells the two sendings apart.
    client.push(data, { ...piece(1, 20.5 * MS), ttl: 64 });
    server.push(piece(0, 25 * MS), piece(2, 25.1 * MS), piece(1, 25.5 * MS), piece(1, 27 * MS));
    const done: Segment = { at: 28 * MS, from: 'server', seq: 9001, ack: 5381, id: 0, tsval: 9 };
    server.push(done);
    client.push({ ...done, at: 33 * MS, ttl: 61 });
    const { flows, findings } = report(tape(client), tape(server));
    expect(flows[0]?.packets.lostToServer).toBe(0);
    expect(findings.map(({ code }) => code)).not.toContain('duplication');
  });

  test('a path that rewrites IP ids is recognised by time stamps', () => {
    const { client, server } = opening({ tsval: 77 });
    for (const s of server) if (s.from !== 'server') s.id = (s.id ?? 0) + 30_000;
    expect(only(report(tape(client), tape(server))).packets.matched).toBe(3);
  });

  test('a path that shifts sequence numbers by a constant is recognised by the SYN', () => {
    const { client, server } = opening();
    client.push({ at: 20 * MS, flags: PUSH, seq: 1001, ack: 9001, id: 3, length: 100 });
    server.push({ at: 25 * MS, flags: PUSH, seq: 1001, ack: 9001, id: 3, length: 100, ttl: 61 });
    for (const s of server) {
      if (s.from === 'server') s.ack = ((s.ack ?? 0) + 5000) >>> 0;
      else s.seq = ((s.seq ?? 0) + 5000) >>> 0;
    }
    expect(only(report(tape(client), tape(server))).packets.matched).toBe(4);
  });

  test('a connection behind address translation is one flow with two views', () => {
    const { client, server } = opening({ tsval: 4711 });
    for (const s of server) Object.assign(s, { clientAddress: '192.0.2.9', clientPort: 61_000 });
    const flow = only(report(tape(client), tape(server)));
    expect(flow.packets.matched).toBe(3);
    expect(flow.client).toEqual({ address: '10.0.0.1', port: 40_000 });
    expect(flow.serverView?.client).toEqual({ address: '192.0.2.9', port: 61_000 });
  });

  test('exchanging the files changes nothing but which is which', () => {
    const { client, server } = opening();
    const straight = report(tape(client), tape(server));
    const swapped = report(tape(server), tape(client));
    expect(swapped.flows).toEqual(straight.flows);
    expect(swapped.clock).toEqual(straight.clock);
    expect(swapped.taps.map((t) => t.role)).toEqual(['client', 'server']);
    expect(swapped.taps[0]?.name).toBe('server.pcap');
  });

  test('clocks that are years apart do not matter', () => {
    const { client, server } = opening();
    const r = report(tape(client), tape(server, 946_684_800_000_000_000n));
    expect(only(r).packets.matched).toBe(3);
    expect(r.clock.errorNs).toBeLessThan(6 * MS);
  });
});
