import { type Finding, PacketType } from '@bothends/proto';
import { expect, test } from 'vitest';
import { type Columns, handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const REQUEST = 100;

/** An exchange that works, and a request that is sent four times without an answer; `last`: its frames as both taps saw them. */
function silence(first: Columns, last: Columns): Finding | undefined {
  const request = (at: number, sequence: number, columns: Columns): Told => ({
    at,
    from: 'client',
    columns: { tcpFlags: 0x18, sequence, acknowledgment: 5001, payloadLength: REQUEST, ...columns },
  });
  const answer: Told = {
    at: 40,
    from: 'server',
    columns: { tcpFlags: 0x18, sequence: 5001, acknowledgment: 1001 + REQUEST, payloadLength: 10 },
  };
  const unanswered = [500, 720, 1_150, 2_000].map((at) =>
    request(at, 1001 + REQUEST, { acknowledgment: 5011, digestLow: 7, digestLength: 64, ...last }),
  );
  const ends = new TwoEnds().say(...handshake(), request(20, 1001, first), answer, ...unanswered);
  return ends.report().findings.find((f) => f.code === 'peer-silent');
}

test('a host that what arrives is meant for, and that does not answer, is to blame', () => {
  const finding = silence({ destinationMac: 11 }, { destinationMac: 11 });
  expect(finding).toMatchObject({ blame: 'server-host', sender: 'server' });
});

test('frames for another MAC address than before are passed over by the host', () => {
  const finding = silence({ destinationMac: 11 }, { destinationMac: 22 });
  expect(finding).toMatchObject({ blame: 'path' });
  expect(finding?.statement).toContain('frames for another station');
});

test('so are frames that the kernel calls another host’s', () => {
  const finding = silence({ packetType: PacketType.host }, { packetType: PacketType.otherHost });
  expect(finding).toMatchObject({ blame: 'path' });
});

test('a mirror port calls all frames another host’s', () => {
  const finding = silence({ packetType: PacketType.otherHost }, { packetType: PacketType.otherHost });
  expect(finding).toMatchObject({ blame: 'server-host' });
});
