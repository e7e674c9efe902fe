import { Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { opposite } from './flow-facts.js';
import type { Packet } from './packet.js';

/**
 * What TCP itself says about data that seems lost. `repaired`: the sender sent the bytes again. `refuted`: they were
 * acknowledged although nobody sent them again, so they did arrive and the tap missed them. `open`: neither.
 */
export type Testimony = 'repaired' | 'refuted' | 'open';

/** Lost transmissions of one direction, each with what TCP says about it. */
export interface Repairs {
  repaired: Packet[];
  refuted: Packet[];
  open: Packet[];
}

/** Hears TCP about each lost transmission with data, or a FIN, of one direction. */
export function repairsOf(flow: FlowFacts, toward: Packet['toward'], lost: readonly Packet[]): Repairs {
  const repairs: Repairs = { repaired: [], refuted: [], open: [] };
  if (lost.length === 0) return repairs;
  const sent = flow.packets.filter((p) => p.toward === toward && p.sent && !p.icmp && extent(p) > 0);
  const transmissions = new Transmissions(sent);
  // Not every retransmission is kept: with more than are kept, the absence of one says nothing.
  const areAllKept = sent.filter((p) => p.repeat).length >= flow.sent(toward, Row.REPEATS);
  for (const p of lost) repairs[testify(flow, p, transmissions, areAllKept)].push(p);
  return repairs;
}

/** Sequence numbers that a segment takes up. */
export function extent(p: Packet): number {
  return p.length + (p.flags & Tcp.fin ? 1 : 0);
}

/** Whether two segments, numbered at the same tap, have a byte in common. */
export function overlap(a: Packet, b: Packet): boolean {
  const ahead = (a.sequence - b.sequence) | 0;
  return Math.min(ahead + extent(a), extent(b)) > Math.max(ahead, 0);
}

function testify(flow: FlowFacts, p: Packet, transmissions: Transmissions, areAllKept: boolean): Testimony {
  const { sent } = p;
  if (!sent) return 'open';
  // Without IP id and time stamp one transmission is like the other: one of them was lost, and the bytes sent again.
  if (p.repeat) return p.ipId === 0 && p.timestampValue === 0 ? 'repaired' : 'open';
  if (transmissions.near(p).some((q) => q.sent && q.sent.time > sent.time && overlap(p, q)))
    return 'repaired';
  if (!areAllKept) return 'open';
  return isAcknowledged(flow, p) ? 'refuted' : 'open';
}

/** Sequence numbers are looked up by the block of 64 KiB that they lie in: few segments span two. */
const BLOCK_BITS = 16;

/** Segments of one direction by their sequence numbers, so that many losses are not each held against all of them. */
class Transmissions {
  readonly #blocks = new Map<number, Packet[]>();

  constructor(packets: readonly Packet[]) {
    for (const p of packets) {
      for (const block of blocksOf(p)) {
        const there = this.#blocks.get(block);
        if (there) there.push(p);
        else this.#blocks.set(block, [p]);
      }
    }
  }

  /** All segments that may have a byte in common with one, more than once where they are large, and not itself. */
  near(p: Packet): Packet[] {
    return blocksOf(p)
      .flatMap((block) => this.#blocks.get(block) ?? NONE)
      .filter((q) => q !== p);
  }
}

const NONE: readonly Packet[] = [];

/** Numbers of the blocks in which a segment has bytes. */
function blocksOf(p: Packet): number[] {
  const first = p.sequence >>> BLOCK_BITS;
  const inFirst = p.sequence & ((1 << BLOCK_BITS) - 1);
  const more = (inFirst + Math.max(0, extent(p) - 1)) >>> BLOCK_BITS;
  return Array.from({ length: more + 1 }, (_, i) => (first + i) & (2 ** (32 - BLOCK_BITS) - 1));
}

/** Whether the receiver acknowledged all of a segment, as the sender's tap heard it. */
function isAcknowledged(flow: FlowFacts, p: Packet): boolean {
  const { intake } = flow.capture;
  const back = intake.store.side(flow.flow, flow.direction(opposite(p.toward)), flow.senderTap(p.toward));
  const acknowledged = intake.store.sides.data[back + Row.LAST_ACK];
  return (
    acknowledged !== undefined && acknowledged >= 0 && ((acknowledged - p.sequence - extent(p)) | 0) >= 0
  );
}
