import { Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { opposite } from './flow-facts.js';
import type { Packet, Toward } from './packet.js';

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
  /** How often the sender sent data again, in all of the capture. */
  again: number;
  /** Whether each of these was held against each loss; else some losses are open that were made good. */
  areAllKnown: boolean;
}

/** Hears TCP about each lost transmission with data, or a FIN, of one direction. */
export function repairsOf(flow: FlowFacts, toward: Toward, lost: readonly Packet[]): Repairs {
  const again = flow.sent(toward, Row.REPEATS);
  const repairs: Repairs = { repaired: [], refuted: [], open: [], again, areAllKnown: true };
  if (lost.length === 0) return repairs;
  const sent = flow.packets.filter((p) => p.toward === toward && p.sent && !p.icmp && extent(p) > 0);
  const transmissions = new Transmissions(sent);
  const known = addRetransmissions(flow, toward, transmissions);
  // With more retransmissions than are known, the absence of one says nothing.
  repairs.areAllKnown = Math.max(known, sent.filter((p) => p.repeat).length) >= again;
  for (const p of lost) repairs[testify(flow, p, transmissions, repairs.areAllKnown)].push(p);
  return repairs;
}

/** Adds those that were not kept as packets, too. How many are known. */
function addRetransmissions(flow: FlowFacts, toward: Toward, to: Transmissions): number {
  let known = 0;
  const { observer } = flow.capture.intake;
  const [direction, tap] = [flow.direction(toward), flow.senderTap(toward)];
  observer.retransmissions(flow.flow, direction, tap, (number, sequence, length) => {
    known++;
    to.add({ number, sequence, extent: length });
  });
  return known;
}

/** Sequence numbers that a segment takes up. */
export function extent(p: Packet): number {
  return p.length + (p.flags & Tcp.fin ? 1 : 0);
}

/** Whether two segments, numbered at the same tap, have a byte in common. */
export function overlap(a: Packet, b: Packet): boolean {
  return haveCommon(rangeOf(a), rangeOf(b));
}

/** What one transmission carried: its number at its sender's tap, and the sequence numbers that it takes up. */
interface Transmission {
  number: number;
  sequence: number;
  extent: number;
}

function rangeOf(p: Packet): Transmission {
  return { number: p.sent?.number ?? 0, sequence: p.sequence, extent: extent(p) };
}

function haveCommon(a: Transmission, b: Transmission): boolean {
  const ahead = (a.sequence - b.sequence) | 0;
  return Math.min(ahead + a.extent, b.extent) > Math.max(ahead, 0);
}

function testify(flow: FlowFacts, p: Packet, transmissions: Transmissions, areAllKnown: boolean): Testimony {
  if (!p.sent) return 'open';
  // Without IP id and time stamp one transmission is like the other: one of them was lost, and the bytes sent again.
  // Else a retransmission sent once more says nothing new: the receiver may be silent, and a tap have missed both.
  if (p.repeat) return p.ipId === 0 && p.timestampValue === 0 ? 'repaired' : 'open';
  if (transmissions.isSentAfter(rangeOf(p))) return 'repaired';
  if (!areAllKnown) return 'open';
  return isAcknowledged(flow, p) ? 'refuted' : 'open';
}

/** Sequence numbers are looked up by the block of 64 KiB that they lie in: few segments span two. */
const BLOCK_BITS = 16;

/** Transmissions of one direction by their sequence numbers, so that many losses are not each held against all of them. */
class Transmissions {
  readonly #blocks = new Map<number, Transmission[]>();

  constructor(packets: readonly Packet[]) {
    for (const p of packets) this.add(rangeOf(p));
  }

  add(one: Transmission): void {
    const last = lastBlock(one);
    for (let block = firstBlock(one); ; block = nextBlock(block)) {
      const there = this.#blocks.get(block);
      if (there) there.push(one);
      else this.#blocks.set(block, [one]);
      if (block === last) return;
    }
  }

  /** Whether bytes of one went by again after it. The latest are asked first: they are after most. */
  isSentAfter(one: Transmission): boolean {
    const last = lastBlock(one);
    for (let block = firstBlock(one); ; block = nextBlock(block)) {
      const there = this.#blocks.get(block);
      if (there?.findLast((other) => other.number > one.number && haveCommon(one, other))) return true;
      if (block === last) return false;
    }
  }
}

const firstBlock = ({ sequence }: Transmission) => sequence >>> BLOCK_BITS;
const lastBlock = ({ sequence, extent }: Transmission) =>
  ((sequence + Math.max(0, extent - 1)) >>> 0) >>> BLOCK_BITS;
/** Numbers of blocks turn over as sequence numbers do. */
const nextBlock = (block: number) => (block + 1) & (2 ** (32 - BLOCK_BITS) - 1);

/** Whether the receiver acknowledged all of a segment, as the sender's tap heard it. */
function isAcknowledged(flow: FlowFacts, p: Packet): boolean {
  const { intake } = flow.capture;
  const back = intake.store.side(flow.flow, flow.direction(opposite(p.toward)), flow.senderTap(p.toward));
  const acknowledged = intake.store.sides.data[back + Row.LAST_ACK];
  return (
    acknowledged !== undefined && acknowledged >= 0 && ((acknowledged - p.sequence - extent(p)) | 0) >= 0
  );
}
