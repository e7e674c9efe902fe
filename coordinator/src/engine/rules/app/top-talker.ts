import { formatDuration } from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import { type Draft, draft, exhibit } from '../draft.js';

/** More than half of everything: less than that nobody calls the top talker. */
const SHARE = 0.5;

/** Among fewer conversations than this one of them always makes much of the traffic. */
const CONVERSATIONS = 4;

/** Less than this in packets and in bytes is nothing that anybody asks about. */
const PACKETS = 1000;
const BYTES = 100_000;

/** What a conversation, one flow or all flows of one client with one service, adds up to. */
interface Talker {
  name: string;
  flows: FlowFacts[];
  packets: number;
  bytes: number;
}

/** `top-talker`: a note on the flow, or else the client and service, that makes most of the packets or bytes. */
export function topTalker(_: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const single = flows.map((flow) =>
    talkerOf([flow], `${endOf(flow, 'client')} to ${endOf(flow, 'server')}`),
  );
  const total = sum(single);
  if (total.packets < PACKETS && total.bytes < BYTES) return [];
  const made = topOf(single, total) ?? topOf(services(flows), total);
  return made ? [made] : [];
}

function services(flows: readonly FlowFacts[]): Talker[] {
  const groups = new Map<string, FlowFacts[]>();
  for (const flow of flows) {
    const key = `${flow.client.address} to ${endOf(flow, 'server')}`;
    const group = groups.get(key);
    if (group) group.push(flow);
    else groups.set(key, [flow]);
  }
  return [...groups].map(([name, members]) => talkerOf(members, name));
}

function endOf(flow: FlowFacts, end: 'client' | 'server'): string {
  return `${flow[end].address} port ${flow[end].port}`;
}

function talkerOf(flows: FlowFacts[], name: string): Talker {
  return {
    name,
    flows,
    packets: flows.reduce((all, flow) => all + flow.volume.packets, 0),
    bytes: flows.reduce((all, flow) => all + flow.volume.bytes, 0),
  };
}

function sum(talkers: readonly Talker[]): { packets: number; bytes: number } {
  return {
    packets: talkers.reduce((all, t) => all + t.packets, 0),
    bytes: talkers.reduce((all, t) => all + t.bytes, 0),
  };
}

function topOf(talkers: readonly Talker[], total: { packets: number; bytes: number }): Draft | null {
  if (talkers.length < CONVERSATIONS) return null;
  const share = (t: Talker) =>
    Math.max(t.packets / total.packets, total.bytes > 0 ? t.bytes / total.bytes : 0);
  const top = talkers.reduce((a, b) => (share(b) > share(a) ? b : a));
  return share(top) > SHARE ? note(top, total, talkers.length) : null;
}

function note(top: Talker, total: { packets: number; bytes: number }, of: number): Draft {
  const first = top.flows[0] as FlowFacts;
  const span = spanOf(top.flows);
  const bytesPerSecond = span > 0 ? Math.round((top.bytes * 1e9) / span) : null;
  const requests = top.flows.reduce((all, { volume }) => all + volume.answers, 0);
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
      `${top.name}${times} makes ${percent(byteShare)} of the bytes and ${percent(packetShare)} of the packets among ${of} conversations` +
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
  for (const { volume } of flows) {
    first = Math.min(first, volume.first);
    last = Math.max(last, volume.last);
  }
  return Math.max(0, last - first);
}

function rate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  if (bits >= 1e9) return `${(bits / 1e9).toFixed(1)} Gbit/s`;
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${(bits / 1e3).toFixed(1)} kbit/s`;
}
