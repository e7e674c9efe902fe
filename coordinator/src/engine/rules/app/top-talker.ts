import { formatDuration } from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import { serviceOf } from '../../facts/services.js';
import { Total } from '../../facts/totals.js';
import { type Draft, draft, exhibit } from '../draft.js';

/** More than half of everything: less than that nobody calls the top talker. */
const SHARE = 0.5;

/** Among fewer conversations than this one of them always makes much of the traffic. */
const CONVERSATIONS = 4;

/** Less than this in packets and in bytes is nothing that anybody asks about. */
const PACKETS = 1000;
const BYTES = 100_000;

/** Packets, and bytes of payload. */
interface Amount {
  readonly packets: number;
  readonly bytes: number;
}

/** What a conversation, one flow or all flows of one client with one service, adds up to. */
interface Talker extends Amount {
  readonly flows: readonly FlowFacts[];
}

/** `top-talker`: a note on the flow, or else the client and service, that makes most of the packets or bytes. */
export function topTalker(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const total = sum(flows);
  if (total.packets < PACKETS && total.bytes < BYTES) return [];
  const made = topFlow(flows, total) ?? topService(capture, flows, total);
  return made ? [made] : [];
}

function topFlow(flows: readonly FlowFacts[], total: Amount): Draft | null {
  if (flows.length < CONVERSATIONS) return null;
  const top = flows.reduce((a, b) => (shareOf(sum([b]), total) > shareOf(sum([a]), total) ? b : a));
  const talker = { flows: [top], ...sum([top]) };
  return shareOf(talker, total) > SHARE ? note(talker, total, flows.length) : null;
}

function topService(capture: CaptureFacts, flows: readonly FlowFacts[], total: Amount): Draft | null {
  const groups = new Map<number, FlowFacts[]>();
  for (const flow of flows) {
    const { client, server } = flow;
    const key = serviceOf(capture.services.pair(client.address, server.address), server.port);
    const group = groups.get(key);
    if (group) group.push(flow);
    else groups.set(key, [flow]);
  }
  if (groups.size < CONVERSATIONS) return null;
  const talkers = [...groups.values()].map((members): Talker => ({ flows: members, ...sum(members) }));
  const top = talkers.reduce((a, b) => (shareOf(b, total) > shareOf(a, total) ? b : a));
  return shareOf(top, total) > SHARE ? note(top, total, talkers.length) : null;
}

function sum(flows: readonly FlowFacts[]): Amount {
  let [packets, bytes] = [0, 0];
  for (const flow of flows) {
    packets += flow.total(Total.packets);
    bytes += flow.total(Total.bytes);
  }
  return { packets, bytes };
}

function shareOf({ packets, bytes }: Amount, total: Amount): number {
  return Math.max(packets / total.packets, total.bytes > 0 ? bytes / total.bytes : 0);
}

/** A flow by both its ends, a service by the client's address and its own end. */
function nameOf(flows: readonly FlowFacts[]): string {
  const { client, server } = flows[0] as FlowFacts;
  const from = flows.length === 1 ? `${client.address} port ${client.port}` : client.address;
  return `${from} to ${server.address} port ${server.port}`;
}

function note(top: Talker, total: Amount, of: number): Draft {
  const first = top.flows[0] as FlowFacts;
  const span = spanOf(top.flows);
  const bytesPerSecond = span > 0 ? Math.round((top.bytes * 1e9) / span) : null;
  const requests = top.flows.reduce((all, flow) => all + flow.total(Total.answers), 0);
  const interval = requests > 1 && span > 0 ? span / requests : null;
  const packetShare = top.packets / total.packets;
  const byteShare = total.bytes > 0 ? top.bytes / total.bytes : 0;
  const percent = (x: number) => `${Math.round(x * 100)} %`;
  const times = top.flows.length > 1 ? ` (${top.flows.length} connections)` : '';
  return draft({
    code: 'top-talker',
    grade: 'proven',
    flow: first,
    statement:
      `${nameOf(top.flows)}${times} makes ${percent(byteShare)} of the bytes and ${percent(packetShare)} of the packets among ${of} conversations` +
      `${bytesPerSecond === null ? '' : `: ${rate(bytesPerSecond)}`}${interval === null ? '' : `, a request every ${formatDuration(interval)}`}.`,
    attributes: {
      share: Number(Math.max(packetShare, byteShare).toFixed(3)),
      packets: top.packets,
      bytes: top.bytes,
      bytesPerSecond,
      requestIntervalMs: interval === null ? null : Math.round(interval / 1e6),
      connections: top.flows.length,
    },
    evidence: [
      exhibit(
        'count',
        `${top.packets} of ${total.packets} packets, ${top.bytes} of ${total.bytes} payload bytes`,
      ),
    ],
  });
}

/** From the first to the last packet of all flows, each on the clock of its client's tap, ns. */
function spanOf(flows: readonly FlowFacts[]): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const flow of flows) {
    first = Math.min(first, flow.total(Total.first));
    last = Math.max(last, flow.total(Total.last));
  }
  return Math.max(0, last - first);
}

function rate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  if (bits >= 1e9) return `${(bits / 1e9).toFixed(1)} Gbit/s`;
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${(bits / 1e3).toFixed(1)} kbit/s`;
}
