import { expect, test } from 'vitest';
import { Engine } from '../engine.js';
import { ACK, PUSH, type Segment, SYN, SYN_ACK, tape } from '../testing/tape.js';

const MS = 1e6;
const S = 1e9;
const BASE_NS = 1_767_225_600_000_000_000n;
/** The server's clock is an hour ahead. */
const AHEAD_NS = 3_600_000_000_000n;
const FORTH = 4 * MS;
const BACK = 6 * MS;
/** Requests of second 5 take so much longer; those of second 7 die on their way. */
const SLOW = 50 * MS;

/** Ten requests of 100 bytes a second for ten seconds, each answered by an ACK. */
function capture(): { client: Segment[]; server: Segment[] } {
  const client: Segment[] = [];
  const server: Segment[] = [];
  let id = 1;
  const send = (
    from: 'client' | 'server',
    at: number,
    rest: Partial<Segment>,
    { slow = 0, lost = false } = {},
  ) => {
    const segment: Segment = { at, from, id: id++, ...rest };
    const delay = (from === 'client' ? FORTH : BACK) + slow;
    const [own, other] = from === 'client' ? [client, server] : [server, client];
    own.push(segment);
    if (!lost) other.push({ ...segment, at: at + delay, ttl: 61 });
  };
  send('client', 0, { flags: SYN, seq: 1000 });
  send('server', 10 * MS, { flags: SYN_ACK, seq: 5000, ack: 1001 });
  send('client', 20 * MS, { flags: ACK, seq: 1001, ack: 5001 });
  for (let i = 0; i < 100; i++) {
    const at = (i + 1) * 100 * MS;
    const second = Math.floor(at / S);
    const seq = 1001 + i * 100;
    const trouble = { slow: second === 5 ? SLOW : 0, lost: second === 7 };
    send('client', at, { flags: PUSH, seq, ack: 5001, length: 100, payload: i + 1 }, trouble);
    if (!trouble.lost) send('server', at + 80 * MS, { flags: ACK, seq: 5001, ack: seq + 100 });
  }
  for (const seen of [client, server]) seen.sort((a, b) => a.at - b.at);
  return { client, server };
}

function engineOf(seen: { client: Segment[]; server: Segment[] }): Engine {
  const engine = new Engine({ captureId: 'c', captureName: '', port: null, vouchComplete: false });
  for (const [role, ahead] of [['client', 0n] as const, ['server', AHEAD_NS] as const]) {
    const tap = engine.addTap({ name: role, role, addresses: [] });
    engine.push(tap, tape(seen[role], BASE_NS + ahead));
    engine.cover(tap, {
      ...{ backEnd: 'tcpdump', filter: '', interfaces: [], snaplen: 192, timestamps: 'kernel', gaps: [] },
      ...{ openedNs: BASE_NS + ahead, closedNs: BASE_NS + ahead + BigInt(20 * S) },
      ...{ packets: seen[role].length, kernelDrops: 0, agentDrops: 0, watermarkNs: null },
    });
    engine.finish(tap);
  }
  return engine;
}

const history = engineOf(capture()).history();
/** Columns of a second of the capture. */
const second = <T>(column: readonly T[], s: number) =>
  column.filter((_, i) => Math.floor(((i + 0.5) * history.columnNs) / S) === s);
const highest = (column: readonly (number | null)[]) => Math.max(...column.map((ns) => ns ?? 0));

test('both ways together are exact, whatever the clocks say', () => {
  const forth = history.toServer.lowestNs.filter((ns) => ns !== null);
  const back = history.toClient.lowestNs.filter((ns) => ns !== null);
  expect(Math.min(...forth) + Math.min(...back)).toBeCloseTo(FORTH + BACK, -3);
  // Each way alone is known within the error that is told.
  const error = highest(history.clockErrorNs);
  expect(error).toBeGreaterThan(0);
  expect(Math.abs(Math.min(...forth) - FORTH)).toBeLessThanOrEqual(error + 1);
});

test('a slow second stands where it was, in its direction alone', () => {
  const usual = highest(second(history.toServer.highestNs, 3));
  expect(highest(second(history.toServer.highestNs, 5)) - usual).toBeCloseTo(SLOW, -5);
  expect(highest(second(history.toServer.meanNs, 5)) - usual).toBeCloseTo(SLOW, -5);
  expect(highest(history.toClient.highestNs)).toBeLessThan(SLOW / 2);
});

test('what died is counted in the second in which it left', () => {
  const sum = (column: readonly number[]) => column.reduce((all, each) => all + each, 0);
  expect(sum(second(history.toServer.lost, 7))).toBe(10);
  expect(sum(history.toServer.lost)).toBe(10);
  expect(sum(history.toClient.lost)).toBe(0);
});

test('its columns cover the capture and are few, however long it is', () => {
  expect(history.startedAt).toBe('2026-01-01T00:00:00.000000000Z');
  const count = history.clockErrorNs.length;
  expect(count * history.columnNs).toBeGreaterThanOrEqual(10 * S);
  expect(count).toBeLessThanOrEqual(256);
  for (const column of [history.toServer.lowestNs, history.toClient.lost]) expect(column).toHaveLength(count);
});

test('where one direction alone was seen, no time on the way is claimed', () => {
  const { client, server } = capture();
  const forth = ({ from }: Segment) => from === 'client';
  const oneWay = engineOf({ client: client.filter(forth), server: server.filter(forth) }).history();
  expect(new Set([...oneWay.toServer.meanNs, ...oneWay.clockErrorNs])).toEqual(new Set([null]));
});

test('nothing captured is an empty history', () => {
  expect(engineOf({ client: [], server: [] }).history().clockErrorNs).toEqual([]);
});
