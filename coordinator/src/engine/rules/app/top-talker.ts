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

/** What some flows add up to: packets, and bytes of payload. */
class Amount {
  packets = 0;
  bytes = 0;

  add(flow: FlowFacts): void {
    this.packets += flow.total(Total.packets);
    this.bytes += flow.total(Total.bytes);
  }
}

/** A conversation: one flow, or all flows of one client with one service. */
class Talker extends Amount {
  readonly flows: FlowFacts[] = [];

  override add(flow: FlowFacts): void {
    super.add(flow);
    this.flows.push(flow);
  }
}

/** `top-talker`: a note on the flow, or else the client and service, that makes most of the packets or bytes. */
export function topTalker(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const total = new Amount();
  for (const flow of flows) total.add(flow);
  if (total.packets < PACKETS && total.bytes < BYTES) return [];
  const made = topFlow(flows, total) ?? topService(capture, flows, total);
  return made ? [made] : [];
}

function topFlow(flows: readonly FlowFacts[], total: Amount): Draft | null {
  if (flows.length < CONVERSATIONS) return null;
  let [top, most] = [flows[0] as FlowFacts, 0];
  for (const flow of flows) {
    const share = shareOf(flow.total(Total.packets), flow.total(Total.bytes), total);
    if (share > most) [top, most] = [flow, share];
  }
  if (most <= SHARE) return null;
  const talker = new Talker();
  talker.add(top);
  return note(talker, total, flows.length);
}

function topService(capture: CaptureFacts, flows: readonly FlowFacts[], total: Amount): Draft | null {
  const talkers = new Map<number, Talker>();
  for (const flow of flows) {
    const { client, server } = flow;
    const key = serviceOf(capture.services.pair(client.address, server.address), server.port);
    const talker = talkers.get(key) ?? new Talker();
    talker.add(flow);
    talkers.set(key, talker);
  }
  if (talkers.size < CONVERSATIONS) return null;
  const share = ({ packets, bytes }: Talker) => shareOf(packets, bytes, total);
  const top = [...talkers.values()].reduce((a, b) => (share(b) > share(a) ? b : a));
  return share(top) > SHARE ? note(top, total, talkers.size) : null;
}

/** The larger of a conversation's shares of all packets and of all bytes. */
function shareOf(packets: number, bytes: number, total: Amount): number {
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
