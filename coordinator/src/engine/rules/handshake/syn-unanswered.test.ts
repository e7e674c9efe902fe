import { PacketType } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

/** A connection that works, and later one whose SYNs get no answer; `before`, `after`: what the kernel calls their frames. */
function blameOf(before: number, after: number): string | undefined {
  const works: Told[] = handshake(0, { clientPort: 41_000 }).map((p) =>
    p.from === 'client' ? { ...p, columns: { ...p.columns, packetType: before } } : p,
  );
  const syns = [2_000, 3_000, 5_000].map(
    (at): Told => ({ at, from: 'client', columns: { tcpFlags: 0x02, sequence: 9000, packetType: after } }),
  );
  const { findings } = new TwoEnds().say(...works, ...syns).report();
  return findings.find((f) => f.code === 'syn-unanswered')?.blame;
}

test('a host that SYNs are meant for dropped them', () => {
  expect(blameOf(PacketType.host, PacketType.host)).toBe('server-host');
});

test('SYNs in frames for another station were never its', () => {
  expect(blameOf(PacketType.host, PacketType.otherHost)).toBe('path');
});

test('at a mirror port all frames are for others', () => {
  expect(blameOf(PacketType.otherHost, PacketType.otherHost)).toBe('server-host');
});
