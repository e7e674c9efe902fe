import { BothendsError, formatInstant, type Ladder, type LadderRow, Tcp } from '@bothends/proto';
import { Engine } from '../engine.js';
import type { FlowFacts } from '../facts/flow-facts.js';
import { flagLetters, type Packet } from '../facts/packet.js';
import { flowId } from '../flow-id.js';
import type { TrainAddon } from '../match/train.js';
import { absolute } from '../taps.js';
import type { EngineOptions, LadderLike } from '../types.js';
import { clockReport } from './clock-report.js';
import { flowReport } from './flow-report.js';

/** Rows shown at most: more is not read by a person, and a page with more is slow. */
const ROW_LIMIT = 10_000;

/** An engine that keeps every packet of one flow and draws it as a two-ended ladder. */
export class LadderEngine extends Engine implements LadderLike {
  private readonly wanted: string;
  private readonly decided = new Map<number, boolean>();

  constructor(options: EngineOptions, wanted: string, trains: TrainAddon | null = null) {
    super(options, trains);
    this.wanted = wanted;
    this.intake.trace = (flow) => this.isWanted(flow);
  }

  ladder(): Ladder {
    const { capture, flows } = this.facts();
    const flow = flows.find((f) => f.id === this.wanted);
    if (!flow)
      throw new BothendsError(
        'not-found',
        `no flow ${this.wanted} in this capture: its report lists them, as does \`bothends flows\``,
      );
    const packets = flow.packets.filter((p) => !p.icmp);
    const shown = packets.slice(0, ROW_LIMIT);
    const start = shown[0]?.at ?? 0;
    const rows = shown.map((p) => ladderRow(flow, p, start));
    linkRetransmissions(shown, rows);
    const first = capture.taps[0];
    return {
      flow: flowReport(flow),
      clock: clockReport(capture),
      startedAt: formatInstant(absolute(first, start)),
      rows,
      omitted: packets.length - shown.length,
    };
  }

  /** Whether a flow may turn out to be the wanted one: which end is the client is known only at the end. */
  private isWanted(flow: number): boolean {
    let decision = this.decided.get(flow);
    if (decision === undefined) {
      const { table } = this.intake.store;
      const protocol = table.protocol(flow) === 6 ? 'tcp' : 'udp';
      const ends = [0, 1].map((i) => ({ address: this.intake.address(flow, i), port: table.port(flow, i) }));
      const [a, b] = ends as [{ address: string; port: number }, { address: string; port: number }];
      decision = [flowId(protocol, a, b), flowId(protocol, b, a)].some((id) => this.wanted.startsWith(id));
      this.decided.set(flow, decision);
    }
    return decision;
  }
}

function ladderRow(flow: FlowFacts, p: Packet, start: number): LadderRow {
  const { timeline } = flow.capture.intake;
  const toServer = p.toward === 'toward-server';
  const [client, server] = toServer ? [p.sent, p.received] : [p.received, p.sent];
  const at = (s: Packet['sent']) => (s ? Math.round(timeline.common(s.tap, s.time) - start) : null);
  const tcp = flow.protocol === 'tcp';
  return {
    timeNs: Math.round(p.at - start),
    direction: p.toward,
    clientNs: at(client),
    serverNs: at(server),
    clientNumber: client?.number ?? null,
    serverNumber: server?.number ?? null,
    fate: p.fate,
    flags: tcp ? flagLetters(p.flags) : '',
    sequence: tcp ? p.relative : null,
    sequenceEnd: tcp ? p.relative + p.length : null,
    acknowledgment: tcp && p.flags & Tcp.ack ? relativeAck(flow, p) : null,
    window: tcp ? p.window : null,
    length: p.length,
    retransmissionOf: null,
    note: noteOf(p),
  };
}

/** As tcpdump prints it: from the first sequence number of the other direction. */
function relativeAck(flow: FlowFacts, p: Packet): number {
  const base = flow.sequenceBase(p.toward === 'toward-server' ? 'toward-client' : 'toward-server', p.seenBy);
  return base === null ? p.acknowledgment : (p.acknowledgment - base) >>> 0;
}

function noteOf(p: Packet): string {
  const notes: string[] = [];
  if (p.fate === 'injected') notes.push(`ttl ${p.ttl}`);
  if (p.altered) notes.push('payload altered');
  if (p.copy) notes.push('duplicate');
  if (p.window === 0 && !(p.flags & (Tcp.rst | Tcp.syn)) && p.flags & Tcp.ack) notes.push('zero window');
  if (p.tls?.handshake === 1) notes.push('ClientHello');
  if (p.tls?.handshake === 2) notes.push('ServerHello');
  if (p.tls?.record === 21) notes.push('TLS alert');
  if (p.fate === 'unknown' && p.vouching) notes.push(p.vouching.why);
  return notes.join(', ');
}

function linkRetransmissions(packets: readonly Packet[], rows: LadderRow[]): void {
  const first = new Map<string, number>();
  packets.forEach((p, i) => {
    const row = rows[i];
    if (!row || (p.length === 0 && !(p.flags & (Tcp.syn | Tcp.fin)))) return;
    const key = `${p.toward} ${p.sequence}`;
    const original = first.get(key);
    if (original === undefined) first.set(key, i);
    else row.retransmissionOf = original;
  });
}
