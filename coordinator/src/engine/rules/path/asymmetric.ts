import { PacketType } from '@bothends/proto';
import { liveRecords } from '../../facts/collect.js';
import { recordAt } from '../../facts/counterpart.js';
import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import { State } from '../../flows/records.js';
import { gradeCase, weakest } from '../../grade.js';
import { type Draft, draft, exhibit } from '../draft.js';

/** Flows looked at: routes belong to hosts, not to flows, and a few tell as much as all. */
const SAMPLE = 32;

/** Next hops of the packets of one tap, as digests of MAC addresses, and the interfaces they used. */
interface Neighbours {
  outTo: Set<number>;
  inFrom: Set<number>;
  outVia: Set<number>;
  inVia: Set<number>;
}

/**
 * `asymmetric-route`: what leaves a host goes to another next hop than what arrives comes from. Redundant gateways do
 * the same with their own MAC addresses, so another interface is needed for `likely`.
 */
export function asymmetricRoute(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const matched = flows.filter((flow) => flow.matched > 0).slice(0, SAMPLE);
  const first = matched[0];
  if (!first) return [];
  return ([0, 1] as const).flatMap((tap) => atTap(capture, matched, first, tap));
}

function atTap(capture: CaptureFacts, flows: readonly FlowFacts[], first: FlowFacts, tap: 0 | 1): Draft[] {
  const seen = neighbours(flows, tap);
  const otherPeer = differ(seen.outTo, seen.inFrom);
  const otherInterface = differ(seen.outVia, seen.inVia);
  if (!otherPeer && !otherInterface) return [];
  const name = capture.taps[tap].description.name;
  const grade = gradeCase({ lines: 1, conclusive: false, absence: null, headersOnly: true, counter: 0 });
  const what = otherInterface ? 'by another interface' : 'to another next hop';
  return [
    draft({
      code: 'asymmetric-route',
      grade: otherInterface ? grade : weakest(grade, 'possible'),
      flow: first,
      direction: 'both',
      sender: 'path',
      blame: 'path',
      statement: `At ${name} packets leave ${what} than they arrive ${otherInterface ? 'by' : 'from'}: the way there and the way back differ.`,
      attributes: { tap: name, interfaces: otherInterface, nextHops: otherPeer },
      evidence: [
        exhibit(
          'next-hop',
          `in ${flows.length} ${flows.length === 1 ? 'flow' : 'flows'} no packet arrived ${otherInterface ? 'by an interface' : 'from a MAC address'} that one was sent ${otherInterface ? 'through' : 'to'}`,
        ),
      ],
      missing: [
        'whether the gateways are redundant (VRRP, HSRP, MLAG), which answer with MAC addresses of their own',
      ],
    }),
  ];
}

function neighbours(flows: readonly FlowFacts[], tap: 0 | 1): Neighbours {
  const seen: Neighbours = { outTo: new Set(), inFrom: new Set(), outVia: new Set(), inVia: new Set() };
  for (const flow of flows) {
    const { intake } = flow.capture;
    const { records } = intake.store;
    // Of records and not of packets, of which one flow may have thousands.
    for (const r of liveRecords(intake, flow.flow)) {
      const record = recordAt(flow, { record: r, seenBy: records.tap[r] as 0 | 1 }, tap);
      if (record < 0 || records.state[r] & State.icmpError) continue;
      const toward =
        records.direction[r] === flow.direction('toward-server') ? 'toward-server' : 'toward-client';
      const leaves = flow.senderTap(toward) === tap;
      // On a router both directions arrive, each by an interface of its own.
      const kind = records.packetType[record];
      if (leaves && kind !== PacketType.unknown && kind !== PacketType.outgoing) continue;
      const mac = (leaves ? records.destinationMac : records.sourceMac)[record] ?? 0;
      // A bridge, bond, VLAN or macvlan shows a packet on the port and above it, in that order or the other.
      const via = (records.state[record] ?? 0) & State.doubled ? 0 : (records.ifindex[record] ?? 0);
      if (mac !== 0) (leaves ? seen.outTo : seen.inFrom).add(mac);
      if (via !== 0) (leaves ? seen.outVia : seen.inVia).add(via);
    }
  }
  return seen;
}

/** Both are known and have nothing in common. */
function differ(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size > 0 && b.size > 0 && [...a].every((value) => !b.has(value));
}
