import type { Random } from '../random.js';
import {
  Flag,
  type Fragment,
  fragmentsOf,
  has,
  type IcmpError,
  ipLength,
  isTcp,
  type Packet,
  type Side,
  sequenceLength,
  type TcpPacket,
  type UdpDatagram,
} from '../wire/packets.js';
import { type Ledger, type RstCause, roleOf } from './ledger.js';
import type { Nic } from './nic.js';
import type { Scheduler } from './scheduler.js';
import { type ConnectionHost, type Ending, TcpConnection } from './tcp/connection.js';
import type { Draws, Identification, Tuple } from './tcp/segments.js';
import type { TcpSettings } from './tcp/settings.js';

/** What a host's own firewall does with a packet. */
export type Ruling = 'accept' | 'drop' | 'reject';
export type Rule = (packet: Packet) => Ruling;

export type Accept = (connection: TcpConnection) => void;
/** A bound UDP socket: takes a datagram's data and the packet around it. */
export type DatagramHandler = (data: Uint8Array, packet: Packet) => void;

interface Listener {
  readonly settings: TcpSettings;
  readonly accept: Accept;
}

export interface HostParts {
  readonly side: Side;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  readonly nic: Nic;
  readonly random: Random;
  readonly ttl: number;
  readonly identification: Identification;
}

/** Ethernet; what is larger leaves in pieces. */
const LINK_MTU = 1500;
const IPV4_HEADER = 20;

/** One host: connections, listeners, a local firewall, and the answers of a stack to what it has no use for. */
export class Host implements ConnectionHost {
  readonly side: Side;
  readonly scheduler: Scheduler;
  readonly ttl: number;
  readonly nic: Nic;
  /** Rules above the tap inbound and above it outbound, as INPUT and OUTPUT. */
  ingress: Rule = () => 'accept';
  egress: Rule = () => 'accept';
  private readonly identification: Identification;
  /** IPv4 identification of what is sent without a connection. */
  private readonly looseIdentification: () => number;
  private readonly ledger: Ledger;
  private readonly random: Random;
  private readonly connections = new Map<string, TcpConnection>();
  private readonly listeners = new Map<number, Listener>();
  private readonly sockets = new Map<number, DatagramHandler>();
  /** Bytes that have come of datagrams in pieces, by source and identification. */
  private readonly pieces = new Map<string, number>();
  /** How connections that are gone ended, by tuple: it decides what a later RST means. */
  private readonly graves = new Map<string, Ending>();

  constructor(parts: HostParts) {
    this.side = parts.side;
    this.scheduler = parts.scheduler;
    this.ledger = parts.ledger;
    this.nic = parts.nic;
    this.random = parts.random;
    this.ttl = parts.ttl;
    this.identification = parts.identification;
    this.looseIdentification = this.identifications();
    this.nic.stack = (packet) => this.receive(packet);
  }

  connect(tuple: Tuple, settings: TcpSettings): TcpConnection {
    const connection = TcpConnection.open(this, tuple, settings, this.draws());
    this.connections.set(keyOf(tuple), connection);
    return connection;
  }

  listen(port: number, settings: TcpSettings, accept: Accept): void {
    this.listeners.set(port, { settings, accept });
  }

  bind(port: number, handler: DatagramHandler): void {
    this.sockets.set(port, handler);
  }

  /** Drops all state without a packet, as a restart does. */
  forgetAll(): void {
    for (const connection of [...this.connections.values()]) connection.vanish();
  }

  transmit(burst: readonly Packet[]): void {
    const passed = burst.filter((packet) => this.egress(packet) === 'accept' || this.drop(packet, 'egress'));
    if (passed.length > 0) this.nic.send(passed);
  }

  replyReset(trigger: TcpPacket, cause: RstCause): void {
    this.sendReset(replyTo(trigger), cause);
  }

  report(
    connection: TcpConnection,
    event: 'abort' | 'keepalive-expired' | 'rst-ignored' | 'killed' | 'zero-window',
  ): void {
    const flow = this.ledger.flowOfPorts(connection.tuple.localPort, connection.tuple.remotePort);
    if (!flow) return;
    if (event === 'abort' || event === 'keepalive-expired') {
      this.ledger.noteFlow(flow, { what: 'rst-sent', by: this.side, cause: event });
    } else if (event === 'rst-ignored') this.ledger.noteFlow(flow, { what: 'rst-ignored', by: this.side });
    else this.ledger.noteFlow(flow, { what: event, side: this.side });
  }

  forget(connection: TcpConnection, ending: Ending): void {
    const key = keyOf(connection.tuple);
    if (this.connections.get(key) !== connection) return;
    this.connections.delete(key);
    this.graves.set(key, ending);
  }

  private receive(packet: Packet): void {
    const ruling = this.ingress(packet);
    if (ruling === 'drop') this.drop(packet, 'ingress');
    else if (packet.fragment) this.reassemble(packet, packet.fragment);
    else if (ruling === 'reject' && isTcp(packet)) this.reject(packet);
    else if (packet.checksum === 'bad') return;
    else if (isTcp(packet)) this.receiveTcp(packet);
    else if (packet.transport.protocol === 'udp') this.receiveUdp(packet);
  }

  private receiveTcp(packet: TcpPacket): void {
    const key = keyOf(tupleAt(packet));
    const connection = this.connections.get(key);
    // A SYN to a connection in TIME-WAIT opens it anew (RFC 9293, 3.6.1).
    const reopens = connection?.state === 'time-wait' && has(packet, Flag.syn) && !has(packet, Flag.ack);
    const opens = has(packet, Flag.syn) && !has(packet, Flag.ack);
    const listener = opens ? this.listeners.get(packet.transport.destinationPort) : undefined;
    if (connection && !reopens) connection.receive(packet);
    else if (listener) this.accept(packet, listener, key);
    else if (!has(packet, Flag.rst)) this.replyReset(packet, this.causeOfStray(packet, key));
  }

  private accept(packet: TcpPacket, listener: Listener, key: string): void {
    const tuple = tupleAt(packet);
    const connection = TcpConnection.answer(this, tuple, listener.settings, this.draws(), packet.transport);
    this.connections.set(key, connection);
    listener.accept(connection);
  }

  private receiveUdp(packet: Packet): void {
    if (packet.transport.protocol !== 'udp') return;
    const { destinationPort, data } = packet.transport;
    const handler = this.sockets.get(destinationPort);
    if (handler) handler(data, packet);
    else this.sendUnreachable(packet);
  }

  /** ICMP port unreachable: type 3 code 3 (RFC 792), in IPv6 type 1 code 4 (RFC 4443). */
  private sendUnreachable(quoted: Packet): void {
    const v6 = quoted.source.includes(':');
    this.ledger.note(quoted, { what: 'icmp-sent', by: this.side });
    const transport: IcmpError = { protocol: 'icmp', type: v6 ? 1 : 3, code: v6 ? 4 : 3, mtu: 0, quoted };
    this.transmit([this.datagram(quoted.destination, quoted.source, transport)]);
  }

  /** Sends one UDP datagram. */
  sendDatagram(tuple: Tuple, data: Uint8Array): void {
    const transport: UdpDatagram = {
      protocol: 'udp',
      sourcePort: tuple.localPort,
      destinationPort: tuple.remotePort,
      data,
    };
    const packet = this.datagram(tuple.local, tuple.remote, transport);
    this.transmit(tuple.local.includes(':') ? [packet] : fragmentsOf(packet, LINK_MTU));
  }

  /** Takes a piece of a datagram; the whole goes on when all of it is there. */
  private reassemble({ source, id }: Packet, { whole, length }: Fragment): void {
    const key = `${source} ${id}`;
    const bytes = (this.pieces.get(key) ?? 0) + length;
    this.pieces.set(key, bytes);
    if (bytes === ipLength(whole) - IPV4_HEADER) this.receive(whole);
  }

  private datagram(source: string, destination: string, transport: UdpDatagram | IcmpError): Packet {
    const id = this.looseIdentification();
    return { source, destination, ttl: this.ttl, tos: 0, id, dontFragment: true, flowLabel: 0, transport };
  }

  /** Why a packet without a socket draws a RST. */
  private causeOfStray(packet: TcpPacket, key: string): RstCause {
    if (has(packet, Flag.syn | Flag.ack)) return 'late-syn-ack';
    if (has(packet, Flag.syn)) return 'no-listener';
    const ending = this.graves.get(key);
    if (ending === 'reset') return 'consequence';
    return ending === 'timed-out' || ending === undefined ? 'half-open' : 'closed-earlier';
  }

  private reject(packet: TcpPacket): void {
    // REJECT of nft answers no RST, and copies neither TOS nor flow label.
    if (!has(packet, Flag.rst))
      this.sendReset({ ...replyTo(packet), tos: 0, flowLabel: 0 }, 'local-firewall');
  }

  private sendReset(reset: TcpPacket, cause: RstCause): void {
    this.ledger.note(reset, { what: 'rst-sent', by: this.side, cause });
    this.transmit([{ ...reset, ttl: this.ttl }]);
  }

  private drop(packet: Packet, where: 'ingress' | 'egress'): false {
    this.ledger.note(packet, { what: 'host-dropped', side: this.side, where, role: roleOf(packet) });
    return false;
  }

  /** What one connection puts into its packets' identification, one call each. */
  private identifications(): () => number {
    let next = this.random.integer(0, 0xffff);
    switch (this.identification) {
      case 'zero':
        return () => 0;
      case 'random':
        return () => this.random.integer(0, 0xffff);
      case 'counting':
        return () => {
          next = (next + 1) & 0xffff;
          return next;
        };
    }
  }

  private draws(): Draws {
    return {
      isn: this.random.word(),
      identification: this.identifications(),
      timestampBase: this.random.word(),
      flowLabel: this.random.integer(1, 0xfffff),
    };
  }
}

/** The RST that RFC 9293 (3.5.2) prescribes for a segment without a connection; TTL and TOS are the sender's to set. */
export function replyTo(trigger: TcpPacket): TcpPacket {
  const segment = trigger.transport;
  const bare = has(trigger, Flag.ack);
  return {
    source: trigger.destination,
    destination: trigger.source,
    ttl: trigger.ttl,
    tos: trigger.tos,
    // Linux sends it with identification 0 and DF.
    id: 0,
    dontFragment: true,
    flowLabel: trigger.flowLabel,
    transport: {
      protocol: 'tcp',
      sourcePort: segment.destinationPort,
      destinationPort: segment.sourcePort,
      sequence: bare ? segment.acknowledgment : 0,
      acknowledgment: bare ? 0 : (segment.sequence + sequenceLength(segment)) >>> 0,
      flags: bare ? Flag.rst : Flag.rst | Flag.ack,
      window: 0,
      options: {},
      data: new Uint8Array(0),
    },
  };
}

function tupleAt(packet: TcpPacket): Tuple {
  return {
    local: packet.destination,
    localPort: packet.transport.destinationPort,
    remote: packet.source,
    remotePort: packet.transport.sourcePort,
  };
}

function keyOf(tuple: Tuple): string {
  return `${tuple.local} ${tuple.localPort} ${tuple.remote} ${tuple.remotePort}`;
}
