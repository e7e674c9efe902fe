import { IpFlag, Layer } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../testing/two-ends.js';

const UDP = { protocol: 17, serverPort: 6000 } as const;
/** A connection of the same hosts both ways, so that clocks are bounded. */
const CONTROL = handshake(0, { protocol: 6, clientPort: 41_000, serverPort: 80 });
/** Payload bytes of a datagram of 3000, cut for an MTU of 1500 bytes; offsets count the UDP header. */
const CUT = [
  { offset: 0, length: 1472 },
  { offset: 1480, length: 1480 },
  { offset: 2960, length: 48 },
] as const;

type SeenBy = Told['seenBy'];

/** One datagram in fragments; `seenBy` of each. Ports are in the first one only. */
function fragments(
  at: number,
  id: number,
  seenBy: readonly SeenBy[],
  from: 'client' | 'server' = 'client',
): Told[] {
  return CUT.map(({ offset, length }, i) => ({
    at: at + i * 0.01,
    from,
    seenBy: seenBy[i],
    columns: {
      ipId: id,
      ipFlags: IpFlag.fragment | (i < CUT.length - 1 ? IpFlag.moreFragments : 0),
      fragmentOffset: offset,
      payloadLength: length,
      ...(offset > 0 ? { layer: Layer.network, sourcePort: 0, destinationPort: 0 } : {}),
    },
  })) as Told[];
}

const whole = (at: number, id: number, seenBy: SeenBy): Told =>
  ({ at, from: 'client', seenBy, columns: { ipId: id, payloadLength: 3000 } }) as Told;

const ALL = ['both', 'both', 'both'] as const;
const report = (packets: readonly Told[]) => new TwoEnds(UDP).say(...CONTROL, ...packets).report();

test('fragments are of the flow that the first of them names, and arrive like other packets', () => {
  const { flows, findings } = report([...fragments(100, 500, ALL), ...fragments(120, 900, ALL, 'server')]);
  expect(findings).toEqual([]);
  expect(flows.find(({ protocol }) => protocol === 'udp')?.packets).toEqual({
    clientTap: 6,
    serverTap: 6,
    matched: 6,
    lostToServer: 0,
    lostToClient: 0,
  });
});

test('a datagram without one of its fragments is lost, counted once, and not held against the host that got the rest', () => {
  const { findings } = report([
    ...fragments(100, 500, ['both', 'client', 'client']),
    ...fragments(400, 501, ['both', 'both', 'client']),
    ...fragments(700, 502, ['both', 'client', 'both']),
  ]);
  expect(findings.map(({ code, cause, grade }) => [code, cause, grade])).toEqual([
    ['udp-lost', 'fragments', 'proven'],
  ]);
  expect(findings[0]?.attributes).toMatchObject({ sent: 3, lost: 3, inPart: 3 });
});

test('a datagram that a router cut on the way has arrived when all of its fragments have', () => {
  const arrived = (at: number, id: number, seenBy: readonly SeenBy[] = ['server', 'server', 'server']) => [
    whole(at, id, 'client'),
    ...fragments(at, id, seenBy),
  ];
  const healthy = report([...arrived(100, 500), ...arrived(200, 501), ...fragments(250, 900, ALL, 'server')]);
  expect(healthy.findings).toEqual([]);
  const cut = report([
    ...arrived(100, 500),
    ...arrived(200, 501).slice(0, 3),
    ...fragments(250, 900, ALL, 'server'),
  ]);
  expect(cut.findings.map(({ code, cause }) => [code, cause])).toEqual([['udp-lost', 'fragments']]);
  expect(cut.findings[0]?.attributes).toMatchObject({ sent: 2, lost: 1 });
});

test('fragments may come in any order', () => {
  const [first, second, third] = fragments(100, 500, ALL);
  const backwards = [third, second, first].map((p, i) => ({ ...p, at: 100 + i * 0.01 }) as Told);
  const { findings, flows } = report([...backwards, ...fragments(120, 900, ALL, 'server')]);
  expect(findings).toEqual([]);
  expect(flows.find(({ protocol }) => protocol === 'udp')?.packets.matched).toBe(6);
});

test('a datagram is lost once in whatever order its fragments left', () => {
  const backwards = (at: number, id: number) =>
    fragments(at, id, ['client', 'client', 'client'])
      .reverse()
      .map((p, i) => ({ ...p, at: at + i * 0.01 }) as Told);
  const { findings } = report([...backwards(100, 500), ...fragments(300, 501, ALL), ...backwards(500, 502)]);
  expect(findings.map(({ code, cause }) => [code, cause])).toEqual([['udp-lost', null]]);
  expect(findings[0]?.attributes).toEqual({ sent: 3, lost: 2 });
});
