import { PacketType } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import { recordAt } from './counterpart.js';
import type { CaptureFacts, FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** To whom a frame was addressed, as the tap at its receiver saw it: kind of packet, and destination MAC as a digest (0: unknown). */
interface Addressee {
  kind: number;
  mac: number;
}

/**
 * What shows that packets which arrived came in frames for another station than those before them, so that the host never took
 * them for its own: as evidence, or null. A capture in promiscuous mode has them all the same.
 */
export function misaddressed(flow: FlowFacts, packets: readonly Packet[]): string | null {
  const [first] = packets;
  if (!first) return null;
  const these = addressees(flow, packets);
  const rest = flow.packets.filter((p) => p.toward === first.toward && !p.icmp && !packets.includes(p));
  const own = addressees(flow, rest);
  const others = own.length > 0 ? own : addresseesOfOthers(flow, first);
  if (these.length === 0 || others.length === 0) return null;
  const isForOthers = these.every(({ kind }) => kind === PacketType.otherHost);
  if (isForOthers && others.every(({ kind }) => kind === PacketType.host))
    return 'their frames were for another host, says the kernel, those before them for this one';
  const known = new Set(others.map(({ mac }) => mac).filter((mac) => mac !== 0));
  if (known.size === 0 || these.some(({ mac }) => mac === 0 || known.has(mac))) return null;
  return 'their frames were addressed to another MAC address than those before them';
}

function addressees(flow: FlowFacts, packets: readonly Packet[]): Addressee[] {
  const { records } = flow.capture.intake.store;
  return packets.flatMap((p) => {
    const r = p.received ? recordAt(flow, p, p.received.tap) : -1;
    return r < 0 ? [] : [{ kind: records.packetType[r] ?? 0, mac: records.destinationMac[r] ?? 0 }];
  });
}

/** Flows looked at: what a host takes in does not change from one to the next. */
const SAMPLE = 256;

const cache = new WeakMap<CaptureFacts, Map<string, readonly Addressee[]>>();

/**
 * The same for other connections of the two hosts that were answered: their SYNs and other packets at hand. Of other hosts it
 * says nothing: a bond may have told each of them another MAC address.
 */
function addresseesOfOthers(flow: FlowFacts, { toward, received }: Packet): readonly Addressee[] {
  const { capture } = flow;
  const end = (1 - flow.direction(toward)) as 0 | 1;
  const { table } = capture.intake.store;
  const [to, from] = [end, 1 - end].map((e) => table.address(flow.flow, e).join(' ')) as [string, string];
  const tap = received?.tap ?? 0;
  const known = cache.get(capture) ?? new Map<string, readonly Addressee[]>();
  cache.set(capture, known);
  const key = `${tap} ${to} ${from}`;
  let found = known.get(key);
  if (!found) {
    found = answered(capture.intake, to, from, tap);
    known.set(key, found);
  }
  return found;
}

function answered({ store }: Intake, to: string, from: string, tap: 0 | 1): Addressee[] {
  const { records, table, sides } = store;
  const found: Addressee[] = [];
  const limit = Math.min(table.count, SAMPLE);
  for (let flow = 0; flow < limit; flow++) {
    for (const end of [0, 1] as const) {
      if (table.address(flow, end).join(' ') !== to) continue;
      if (table.address(flow, 1 - end).join(' ') !== from) continue;
      if (sides.data[store.side(flow, end, tap) + Row.PACKETS] === 0) continue;
      for (const r of store.notable(flow)) {
        if (records.tap[r] !== tap || records.direction[r] === end) continue;
        if (records.state[r] & State.icmpError) continue;
        found.push({ kind: records.packetType[r], mac: records.destinationMac[r] });
      }
    }
  }
  return found;
}
