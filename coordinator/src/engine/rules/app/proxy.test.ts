import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const VIP = '10.0.5.5';
const PROXY = '10.0.2.2';
const REQUEST_DIGEST = 4242;
const ANSWER_DIGEST = 2424;

const front = { server: VIP };
const back = { client: PROXY, clientPort: 55_555, serverPort: 8080 };

/** One leg of a proxied exchange with numbers of its own, seen by one tap. */
function leg(
  at: number,
  tuple: Told['tuple'],
  seenBy: 'client' | 'server',
  digests: [number, number],
  isn = 0,
): Told[] {
  const data = (digest: number) => ({
    tcpFlags: 0x18,
    payloadLength: 300,
    digestLength: 64,
    digestLow: digest,
  });
  const packets: Told[] = [
    ...handshake(at),
    { at: at + 20, from: 'client', columns: { ...data(digests[0]), sequence: 1001, acknowledgment: 5001 } },
    { at: at + 40, from: 'server', columns: { ...data(digests[1]), sequence: 5001, acknowledgment: 1301 } },
  ];
  const shifted = ({ columns = {}, ...p }: Told): Told => ({
    ...p,
    seenBy,
    ...(tuple ? { tuple } : {}),
    columns: {
      ...columns,
      sequence: Number(columns.sequence) + isn,
      acknowledgment: Number(columns.acknowledgment ?? 0) + isn,
    },
  });
  return packets.map(shifted);
}

/** Both taps have this one in common, so both look at the right place. */
const control = handshake(0, { clientPort: 41_000, serverPort: 22 });

test('a request that goes in on one connection and out on another was passed on by a proxy', () => {
  const digests: [number, number] = [REQUEST_DIGEST, ANSWER_DIGEST];
  const packets = [...leg(100, front, 'client', digests), ...leg(105, back, 'server', digests, 70_000)];
  const { findings } = new TwoEnds().say(...control, ...packets).report();
  expect(findings.map((f) => f.code)).toEqual(['proxy-terminated']);
  expect(findings[0]).toMatchObject({ grade: 'strong', sender: 'path' });
  expect(findings[0]?.attributes).toMatchObject({
    front: `${VIP}:443`,
    backFrom: PROXY,
    back: '10.0.1.2:8080',
  });
});

test('captures of different times may hold the same request, made twice', () => {
  const digests: [number, number] = [REQUEST_DIGEST, ANSWER_DIGEST];
  const packets = [...leg(100, front, 'client', digests), ...leg(60_000, back, 'server', digests, 70_000)];
  const { findings } = new TwoEnds().say(...packets).report();
  expect(findings.map(({ code, grade }) => [code, grade])).toEqual([['proxy-terminated', 'possible']]);
  expect(findings[0]?.counter.map(({ kind }) => kind)).toEqual(['apart']);
});

test('other requests are other people’s', () => {
  const packets = [
    ...leg(100, front, 'client', [REQUEST_DIGEST, ANSWER_DIGEST]),
    ...leg(105, back, 'server', [REQUEST_DIGEST + 1, ANSWER_DIGEST], 70_000),
  ];
  const { findings } = new TwoEnds().say(...control, ...packets).report();
  expect(findings.map((f) => f.code)).not.toContain('proxy-terminated');
});

test('a request that reached the server before it left the client was not passed on', () => {
  const digests: [number, number] = [REQUEST_DIGEST, ANSWER_DIGEST];
  const packets = [...leg(500, front, 'client', digests), ...leg(100, back, 'server', digests, 70_000)];
  const { findings } = new TwoEnds().say(...control, ...packets).report();
  expect(findings.map((f) => f.code)).not.toContain('proxy-terminated');
});

/** The same tuple at both taps, but nothing in common except the payload: other numbers, time stamps, windows. */
function transparent(serverDigests: [number, number], serverAt = 106): Told[] {
  const stamped = (packets: Told[], stamp: number, window: number) =>
    packets.map((p) => ({
      ...p,
      columns: { ...p.columns, timestampValue: stamp + p.at, tcpOptions: 16, window },
    }));
  return [
    ...stamped(leg(100, undefined, 'client', [REQUEST_DIGEST, ANSWER_DIGEST]), 10_000, 500),
    ...stamped(leg(serverAt, undefined, 'server', serverDigests, 70_000), 900_000, 700),
  ];
}

test('a transparent proxy shows as two handshakes with the same payload', () => {
  const { findings } = new TwoEnds()
    .say(...control, ...transparent([REQUEST_DIGEST, ANSWER_DIGEST]))
    .report();
  expect(findings.map((f) => f.code)).toEqual(['proxy-terminated']);
  expect(findings[0]?.statement).toContain('transparent proxy');
});

test('two connections of one tuple with other payloads are no proxy', () => {
  const { findings } = new TwoEnds().say(...control, ...transparent([1, 2])).report();
  expect(findings.map((f) => f.code)).not.toContain('proxy-terminated');
});

test('two connections of one tuple at different times, each seen by one tap, are no proxy', () => {
  const { findings } = new TwoEnds()
    .say(...control, ...transparent([REQUEST_DIGEST, ANSWER_DIGEST], 9_000))
    .report();
  expect(findings.map((f) => f.code)).not.toContain('proxy-terminated');
});

test('answers passed on show a proxy that put a header of its own before each request', () => {
  const times = [0, 1, 2];
  const packets = times.flatMap((k) => [
    ...leg(100 + k * 500, { ...front, clientPort: 42_000 + k }, 'client', [
      REQUEST_DIGEST + k,
      ANSWER_DIGEST + k,
    ]),
    ...leg(
      105 + k * 500,
      { ...back, clientPort: 55_000 + k },
      'server',
      [777 + k, ANSWER_DIGEST + k],
      70_000,
    ),
  ]);
  const { findings } = new TwoEnds().say(...packets).report();
  expect(findings.map((f) => [f.code, f.grade])).toEqual([['proxy-terminated', 'likely']]);
});

/** The same with HTTP heads, of which the proxy rewrites all but the first bytes. */
function httpLegs(bodies: [number, number]): Told[] {
  const http = (packets: Told[], digest: number, length: number) =>
    packets.map((p) => {
      if (!p.columns?.payloadLength) return p;
      const head =
        p.from === 'client' ? { httpKind: 1 } : { httpKind: 2, httpStatus: 200, httpLength: length };
      const digestHigh = p.from === 'client' ? 1616 : 2020;
      return { ...p, columns: { ...p.columns, ...head, digestHigh, digestLow: digest } };
    });
  return [
    ...http(leg(100, front, 'client', [1, 2]), 11, bodies[0]),
    ...http(leg(105, back, 'server', [3, 4], 70_000), 22, bodies[1]),
  ];
}

test('an HTTP request whose head was written anew shows by its answer’s length', () => {
  const { findings } = new TwoEnds().say(...httpLegs([5000, 5000])).report();
  expect(findings.map((f) => [f.code, f.grade])).toEqual([['proxy-terminated', 'likely']]);
});

test('HTTP requests that begin alike and are answered otherwise are at most possibly one', () => {
  const { findings } = new TwoEnds().say(...httpLegs([5000, 70])).report();
  expect(findings.map((f) => [f.code, f.grade])).toEqual([['proxy-terminated', 'possible']]);
});

test('beside a connection that both taps have, HTTP requests that begin alike tell nothing', () => {
  const { findings } = new TwoEnds().say(...control, ...httpLegs([5000, 5000])).report();
  expect(findings.map((f) => f.code)).not.toContain('proxy-terminated');
});
