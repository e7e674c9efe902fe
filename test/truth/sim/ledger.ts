import { type Direction, Flag, type Packet, type Side } from '../wire/packets.js';

/** What a packet is to the conversation; losing a handshake ACK is another story than losing data. */
export type Role = 'syn' | 'syn-ack' | 'handshake-ack' | 'data' | 'fin' | 'ack' | 'rst' | 'datagram' | 'icmp';

/** Why a genuine RST was sent, in the words of `rst-genuine`'s causes. */
export type RstCause =
  | 'no-listener'
  | 'abort'
  | 'closed-earlier'
  | 'half-open'
  | 'late-syn-ack'
  | 'local-firewall'
  | 'accept-queue-full'
  | 'keepalive-expired'
  | 'un-natted-stray'
  | 'consequence';

export type PathChange = 'mss' | 'options' | 'dscp' | 'ecn' | 'payload' | 'nat' | 'sequence';

/** What the simulator did, as it did it: the truth that findings are held against. */
export type Deed =
  | {
      what: 'path-dropped';
      toward: Direction;
      role: Role;
      size: number;
      why: 'loss' | 'size' | 'idle' | 'rule';
      at: number;
    }
  | { what: 'host-dropped'; side: Side; where: 'ingress' | 'egress'; role: Role; at: number }
  | { what: 'injected'; toward: Direction; role: Role; router: number; at: number }
  | { what: 'rst-sent'; by: Side; cause: RstCause; at: number }
  | { what: 'rst-ignored'; by: Side; at: number }
  | { what: 'killed'; side: Side; at: number }
  | { what: 'changed'; change: PathChange; toward: Direction; at: number }
  | { what: 'reordered' | 'duplicated'; toward: Direction; at: number }
  | { what: 'forgotten'; idleNs: number; at: number }
  | { what: 'zero-window'; side: Side; at: number }
  | { what: 'icmp-sent'; by: Side | 'path'; at: number }
  | { what: 'service'; durationNs: number; at: number }
  | { what: 'app'; event: AppEvent; side: Side; at: number };

/** What the applications did that packets alone should show. */
export type AppEvent =
  | 'silent'
  | 'accept-stalled'
  | 'port-reused'
  | 'tls-alert'
  | 'hello-reset'
  | 'dns-failed'
  | 'http-cut'
  | 'proxied'
  | 'unanswered';

/** A deed without its time, as a union that keeps each member whole. */
export type NewDeed = Deed extends infer D ? (D extends Deed ? Omit<D, 'at'> : never) : never;

/** One conversation's truth. */
export class FlowLedger {
  readonly protocol: 'tcp' | 'udp';
  readonly clientPort: number;
  readonly serverPort: number;
  readonly deeds: Deed[] = [];

  constructor(protocol: 'tcp' | 'udp', clientPort: number, serverPort: number) {
    this.protocol = protocol;
    this.clientPort = clientPort;
    this.serverPort = serverPort;
  }
}

/** Truth of a run by conversation, found by the ports: the simulator gives each flow its own client port. */
export class Ledger {
  readonly flows: FlowLedger[] = [];
  private readonly now: () => number;
  /** Ports that a NAT device uses, by the port that the client used. */
  private readonly translated = new Map<number, number>();

  constructor(now: () => number) {
    this.now = now;
  }

  open(protocol: 'tcp' | 'udp', clientPort: number, serverPort: number): FlowLedger {
    const flow = new FlowLedger(protocol, clientPort, serverPort);
    this.flows.push(flow);
    return flow;
  }

  translate(clientPort: number, outsidePort: number): void {
    this.translated.set(outsidePort, clientPort);
  }

  /** The flow that a packet belongs to, whichever side of a NAT it is on; null for strangers. */
  flowOf(packet: Packet): FlowLedger | null {
    const transport =
      packet.transport.protocol === 'icmp' ? packet.transport.quoted.transport : packet.transport;
    if (transport.protocol === 'icmp') return null;
    return this.flowOfPorts(transport.sourcePort, transport.destinationPort);
  }

  flowOfPorts(one: number, other: number): FlowLedger | null {
    const a = this.translated.get(one) ?? one;
    const b = this.translated.get(other) ?? other;
    const joins = (flow: FlowLedger) =>
      (flow.clientPort === a && flow.serverPort === b) || (flow.clientPort === b && flow.serverPort === a);
    return this.flows.find(joins) ?? null;
  }

  note(packet: Packet, deed: NewDeed): void {
    this.flowOf(packet)?.deeds.push({ ...deed, at: this.now() } as Deed);
  }

  noteFlow(flow: FlowLedger, deed: NewDeed): void {
    flow.deeds.push({ ...deed, at: this.now() } as Deed);
  }
}

/** Reads a packet's role from its flags, and from what its sender knew about the handshake. */
export function roleOf(packet: Packet): Role {
  const transport = packet.transport;
  if (transport.protocol === 'udp') return 'datagram';
  if (transport.protocol === 'icmp') return 'icmp';
  const { flags } = transport;
  if (flags & Flag.rst) return 'rst';
  if (flags & Flag.syn) return flags & Flag.ack ? 'syn-ack' : 'syn';
  if (transport.data.length > 0) return 'data';
  if (flags & Flag.fin) return 'fin';
  return packet.completesHandshake ? 'handshake-ack' : 'ack';
}
