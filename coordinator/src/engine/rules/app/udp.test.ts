import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const UDP = { protocol: 17, serverPort: 6000 } as const;

const up = (at: number, seenBy: 'both' | 'client' | 'server' = 'both'): Told => ({
  at,
  from: 'client',
  seenBy,
  columns: { payloadLength: 160 },
});
const down = (at: number, seenBy: 'both' | 'client' | 'server' = 'both'): Told => ({
  at,
  from: 'server',
  seenBy,
  columns: { payloadLength: 120 },
});
const times = (n: number, every: number) => Array.from({ length: n }, (_, i) => 100 + i * every);

function findingsOf(
  packets: Told[],
  tuple: { serverPort?: number; server?: string } = {},
  drops: number | null = 0,
): Finding[] {
  const control = handshake(0, { protocol: 6, clientPort: 41_000, serverPort: 80 });
  return new TwoEnds({ ...UDP, ...tuple }).say(...control, ...packets).report({ drops }).findings;
}

test('datagrams that leave and never arrive are lost, and counted', () => {
  const packets = times(20, 50).flatMap((at, i) => [up(at, i % 5 === 2 ? 'client' : 'both'), down(at + 20)]);
  const [finding, ...rest] = findingsOf(packets);
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({ code: 'udp-lost', direction: 'toward-server', grade: 'proven' });
  expect(finding?.attributes).toMatchObject({ sent: 20, lost: 4 });
});

test('a tap that misses datagrams of its own host does not convict the path', () => {
  const packets = times(20, 50).flatMap((at, i) => [
    up(at, i % 5 === 2 ? 'client' : 'both'),
    down(at + 20, i % 5 === 3 ? 'client' : 'both'),
  ]);
  expect(findingsOf(packets, {}, null).map((f) => f.code)).not.toContain('udp-lost');
});

test('answers that are all alike do not show that their tap misses none: one that it missed makes up for one that was lost', () => {
  const answered = (columns: Told['columns']) =>
    times(60, 50).flatMap((at, i): Told[] => [
      up(at, i % 5 === 2 ? 'client' : 'both'),
      { ...down(at + 20), columns: { payloadLength: 120, ...columns } },
    ]);
  const gradeOf = (packets: Told[]) =>
    findingsOf(packets, {}, null).find(({ code }) => code === 'udp-lost')?.grade;
  expect(gradeOf(answered({}))).toBe('strong');
  expect(gradeOf(answered({ ipId: 0 }))).toBe('possible');
});

test('questions that arrive and get no answer are held against the host, not above likely', () => {
  const [finding, ...rest] = findingsOf(times(3, 1000).map((at) => up(at)));
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({ code: 'udp-unanswered', blame: 'server-host', grade: 'likely' });
});

test('nobody answers syslog, multicast, or a stream of hundreds', () => {
  expect(
    findingsOf(
      times(3, 1000).map((at) => up(at)),
      { serverPort: 514 },
    ),
  ).toEqual([]);
  expect(
    findingsOf(
      times(3, 1000).map((at) => up(at)),
      { server: '239.1.2.3' },
    ),
  ).toEqual([]);
  expect(findingsOf(times(300, 20).map((at) => up(at)))).toEqual([]);
});

test('a short stream may be one that expects no answer', () => {
  const [finding] = findingsOf(times(50, 20).map((at) => up(at)));
  expect(finding).toMatchObject({ code: 'udp-unanswered', grade: 'possible' });
});
