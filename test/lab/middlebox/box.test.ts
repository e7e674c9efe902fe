import { describe, expect, it } from 'vitest';
import { encodeFrame, type Link } from '../../truth/wire/link.js';
import { Flag, type TcpPacket, withTcp } from '../../truth/wire/packets.js';
import { Box, type Emission } from './box.js';
import type { BoxAction, BoxEvent, BoxMatch, Toward } from './rules.js';

const LINK: Link = {
  kind: 'ethernet',
  moves: 'out',
  source: Uint8Array.of(2, 0, 0, 0, 0, 1),
  destination: Uint8Array.of(2, 0, 0, 0, 0, 2),
};
const BACK: Link = { ...LINK, source: LINK.destination, destination: LINK.source };

/** A segment from the client; the truth generator's encoder, which Wireshark agrees with, says what its bytes are. */
function segment(version: 4 | 6, data: string): TcpPacket {
  return {
    source: version === 4 ? '10.0.0.1' : 'fd00::1',
    destination: version === 4 ? '10.0.9.9' : 'fd00:9::9',
    ttl: 61,
    tos: 0x48,
    id: version === 4 ? 777 : 0,
    dontFragment: true,
    flowLabel: 0,
    transport: {
      protocol: 'tcp',
      sourcePort: 40_000,
      destinationPort: 443,
      sequence: 0xffff_fff0,
      acknowledgment: 5_000,
      flags: Flag.ack | Flag.psh,
      window: 500,
      options: { timestamps: [11, 22], sack: [[6_000, 7_000]] },
      data: Uint8Array.from(data, (letter) => letter.charCodeAt(0)),
    },
  };
}

/** What a box with one rule makes of a frame. */
function through(frame: Uint8Array, toward: Toward, action: BoxAction, match: BoxMatch = {}): Emission[] {
  return new Box({ rules: [{ name: 'rule', match, action }] }, () => {}).take(frame.slice(), toward, 0);
}

const frames = (emissions: readonly Emission[]) => emissions.map(({ frame }) => new Uint8Array(frame));

describe.each([4, 6] as const)('the in-line box over IPv%i', (version) => {
  const packet = segment(version, 'sixteen bytes!!!');
  const frame = encodeFrame(packet, LINK);

  it('sets the DSCP and keeps the ECN bits', () => {
    const marked = { ...packet, tos: (46 << 2) | (packet.tos & 3) };
    expect(frames(through(frame, 'toward-server', { do: 'set-dscp', dscp: 46 }))).toEqual([
      encodeFrame(marked, LINK),
    ]);
  });

  it('shifts the client’s numbers toward the server, and their echoes with SACK edges toward the client', () => {
    const shift = { do: 'shift-sequence', delta: 100 } as const;
    const there = withTcp(packet, { sequence: 0x54 });
    expect(frames(through(frame, 'toward-server', shift))).toEqual([encodeFrame(there, LINK)]);
    const back = withTcp(packet, {
      acknowledgment: 4_900,
      options: { timestamps: [11, 22], sack: [[5_900, 6_900]] },
    });
    expect(frames(through(frame, 'toward-client', shift))).toEqual([encodeFrame(back, LINK)]);
  });

  it('changes a byte and makes the checksum right, or leaves it wrong', () => {
    const data = packet.transport.data.slice();
    data[3] ^= 0x20;
    const [repaired] = frames(through(frame, 'toward-server', { do: 'corrupt', at: 3, repair: true }));
    const [damaged] = frames(through(frame, 'toward-server', { do: 'corrupt', at: 3, repair: false }));
    expect(repaired).toEqual(encodeFrame(withTcp(packet, { data }), LINK));
    expect(damaged).not.toEqual(repaired);
  });

  it('forges RSTs that fit the numbers of either end', () => {
    const reset = {
      do: 'reset',
      toward: ['toward-server', 'toward-client'],
      offsets: [0],
      ttl: 99,
      acknowledges: true,
      trigger: 'drop',
    } as const;
    const empty = { flags: Flag.rst | Flag.ack, window: 0, options: {}, data: new Uint8Array(0) };
    const along = { ...withTcp(packet, { ...empty, sequence: 0 }), ttl: 99, tos: 0, id: 0 };
    const against: TcpPacket = {
      ...along,
      source: packet.destination,
      destination: packet.source,
      transport: {
        ...along.transport,
        sourcePort: 443,
        destinationPort: 40_000,
        sequence: 5_000,
        acknowledgment: 0,
      },
    };
    const emissions = through(frame, 'toward-server', reset);
    expect(emissions.map(({ toward }) => toward)).toEqual(['toward-server', 'toward-client']);
    expect(frames(emissions)).toEqual([encodeFrame(along, LINK), encodeFrame(against, BACK)]);
  });

  it('passes what no rule takes, and what it cannot read, untouched', () => {
    const cut = frame.subarray(0, 40);
    expect(frames(through(frame, 'toward-server', { do: 'drop' }, { port: 80 }))).toEqual([frame]);
    expect(frames(through(cut, 'toward-server', { do: 'drop' }))).toEqual([cut]);
  });

  it('counts the packets of each conversation by itself', () => {
    const events: BoxEvent[] = [];
    const rule = {
      name: 'second',
      match: { payload: 1, nth: { from: 2, to: 2 } },
      action: { do: 'drop' },
    } as const;
    const box = new Box({ rules: [rule] }, (event) => events.push(event));
    const other = encodeFrame(withTcp(packet, { sourcePort: 40_001 }), LINK);
    const passed = [frame, other, frame, frame].map(
      (each) => box.take(each.slice(), 'toward-server', 0).length,
    );
    expect(passed).toEqual([1, 1, 0, 1]);
    expect(box.counts).toEqual({ second: 1 });
    expect(events).toHaveLength(1);
  });
});
