import { Decoder } from '@bothends/agent/decode/decoder';
import { PacketTable } from '@bothends/proto';
import { ethernet, fill, ipv4, tcp, u32 } from '../../contract/decode/build.js';
import type { Case } from '../case.js';

/** Enough for a second or so per round on a slow machine. */
const PACKETS = 4_000_000;
/** The best of some rounds: others only show what else the machine did. */
const ROUNDS = 3;
/** As captured live: headers and the start of the payload. */
const SNAPLEN = 192;
const LINK_ETHERNET = 1;
const IPV4 = 0x0800;
const TCP = 6;

interface Layout {
  readonly buffer: Uint8Array;
  /** Start, captured length, wire length of each packet in turn. */
  readonly packets: Int32Array;
}

const timestamps = [1, 1, 8, 10, ...u32(1), ...u32(2)];

/** One direction of a bulk transfer: full segments, and after every second one the peer's ACK. */
function bulk(segments: number, acknowledgments: number): Layout {
  const frames: Uint8Array[] = [];
  for (let i = 0; i < 1024; i++) {
    const data = i % (segments + acknowledgments) < segments;
    const segment = tcp(data ? fill(1448, i) : [], { options: timestamps, sequence: i * 1448 });
    frames.push(Uint8Array.from(ethernet(IPV4, ipv4(TCP, segment))));
  }
  const kept = frames.map((frame) => frame.subarray(0, SNAPLEN));
  const buffer = new Uint8Array(kept.reduce((sum, frame) => sum + frame.length, 0));
  const packets: number[] = [];
  let at = 0;
  kept.forEach((frame, i) => {
    buffer.set(frame, at);
    packets.push(at, frame.length, frames[i]?.length ?? 0);
    at += frame.length;
  });
  return { buffer, packets: Int32Array.from(packets) };
}

function rate(layout: Layout, now: () => bigint): number {
  const { buffer, packets } = layout;
  const decoder = new Decoder({ linkType: LINK_ETHERNET });
  const table = new PacketTable();
  const began = now();
  for (let done = 0, p = 0; done < PACKETS; done++, p = p + 3 === packets.length ? 0 : p + 3) {
    if (table.length === table.capacity) table.length = 0;
    const start = packets[p] as number;
    decoder.decode(buffer, start, packets[p + 1] as number, packets[p + 2] as number, done, table);
  }
  return PACKETS / (Number(now() - began) / 1e9);
}

const MIXES = [
  { name: 'bulk TCP, two segments to an ACK', segments: 2, acknowledgments: 1 },
  { name: 'full segments only', segments: 1, acknowledgments: 0 },
  { name: 'ACKs only', segments: 0, acknowledgments: 1 },
] as const;

export const decode: Case = {
  name: 'decode',
  title: 'packets to columns, payload digests included, in memory',
  run: async ({ now }) =>
    MIXES.map(({ name, segments, acknowledgments }) => {
      const layout = bulk(segments, acknowledgments);
      const rates = Array.from({ length: ROUNDS }, () => rate(layout, now));
      return { what: name, value: Math.max(...rates), unit: 'packets/s' };
    }),
};
