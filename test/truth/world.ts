import { translating, translatingServer } from './devices/nat.js';
import { renumbered, shiftingSequence } from './devices/rewrite.js';
import { spreading } from './devices/ways.js';
import type { Environment } from './environment.js';
import type { Random } from './random.js';
import { Host } from './sim/host.js';
import { type FlowLedger, Ledger } from './sim/ledger.js';
import { Nic } from './sim/nic.js';
import { type Device, Path } from './sim/path.js';
import { MS, Scheduler } from './sim/scheduler.js';
import { Tap } from './sim/tap.js';
import type { TcpConnection } from './sim/tcp/connection.js';
import { LINK_TYPES } from './wire/link.js';
import type { Packet, Side } from './wire/packets.js';
import { encodePcap } from './wire/pcap.js';

/** Both capture files of a run. */
export type Captures = Record<Side, Uint8Array>;

/** One-way delay to hosts that are not on the path under test. */
const STRANGER_DELAY_NS = 3 * MS;

/** `outside`: the client as the outer network knows it; `virtual`: the server as clients know it. */
interface Addresses {
  readonly client: string;
  readonly server: string;
  readonly outside: string;
  readonly virtual: string;
  readonly stranger: string;
}

function drawAddresses(family: 4 | 6, random: Random): Addresses {
  const host = () => random.integer(1, 254);
  if (family === 6) {
    const server = `fd40:${host()}::${host()}`;
    return {
      client: `fd20:${host()}::${host()}`,
      server,
      outside: '',
      virtual: server,
      stranger: '2001:db8::5',
    };
  }
  return {
    client: `10.${host()}.1.${host()}`,
    server: `172.16.${host()}.${host()}`,
    outside: `198.51.100.${host()}`,
    virtual: `192.0.2.${host()}`,
    stranger: '203.0.113.5',
  };
}

/** Client, path, server and their taps, put together for one run. */
export class World {
  readonly scheduler = new Scheduler();
  readonly ledger = new Ledger(() => this.scheduler.now);
  readonly environment: Environment;
  readonly random: Random;
  readonly client: Host;
  readonly server: Host;
  readonly path: Path;
  /** A third host that client and server both know; its path has no taps but theirs. */
  readonly stranger: Host;
  readonly addresses: Addresses;
  private nextPort: number;
  /** Random bytes that payloads are cut from. */
  private readonly pool: Uint8Array;

  constructor(environment: Environment, random: Random, devices: readonly Device[]) {
    this.environment = environment;
    this.random = random;
    this.addresses = drawAddresses(environment.family, random);
    this.nextPort = random.integer(32_768, 50_000);
    this.pool = random.bytes(0x8000);
    this.client = this.host('client');
    this.server = this.host('server');
    this.stranger = this.host('server');
    this.path = new Path(environment.path, [...devices, ...this.surroundings()], this, {
      client: (packet) => this.client.nic.receive(packet),
      server: (packet) => this.server.nic.receive(packet),
    });
    this.client.nic.wire = (packet) => this.route(packet, 'client');
    this.server.nic.wire = (packet) => this.route(packet, 'server');
    this.stranger.nic.wire = (packet) => this.fromStranger(packet);
  }

  /** Client ports are unique in a run, so that truth is found by port. */
  takePort(): number {
    return this.nextPort++;
  }

  /** `length` bytes that differ from call to call. */
  payload(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const from = this.random.integer(0, this.pool.length - 1);
      const part = this.pool.subarray(from, Math.min(this.pool.length, from + length - at));
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** The address that the client calls the server by. */
  get serverAddress(): string {
    return this.environment.virtualServer ? this.addresses.virtual : this.addresses.server;
  }

  /** Opens a TCP connection from the client to a port of the server. */
  connect(serverPort: number, clientPort = this.takePort()): { flow: FlowLedger; connection: TcpConnection } {
    const flow = this.ledger.open('tcp', clientPort, serverPort);
    const { client } = this.addresses;
    const tuple = {
      local: client,
      localPort: clientPort,
      remote: this.serverAddress,
      remotePort: serverPort,
    };
    return { flow, connection: this.client.connect(tuple, this.environment.tcp.client) };
  }

  captures(): Captures {
    const { snaplen, resolution, link } = this.environment;
    const write = (host: Host, side: Side) => {
      return encodePcap(host.nic.tap.records, {
        snaplen: snaplen[side],
        resolution,
        linkType: LINK_TYPES[link[side]],
      });
    };
    return { client: write(this.client, 'client'), server: write(this.server, 'server') };
  }

  private host(side: Side): Host {
    const own = this.random.bytes(6);
    const gateway = this.random.bytes(6);
    // Unicast addresses have the lowest bit of the first byte clear (IEEE 802).
    own[0] &= 0xfe;
    gateway[0] &= 0xfe;
    const tap = new Tap(this.random.fork());
    tap.clock = this.environment.clocks[side];
    tap.fault = this.environment.faults[side];
    tap.secondLook = this.environment.secondLook[side];
    const nic = new Nic(this.scheduler, tap, this.environment.link[side], own, gateway);
    nic.offloads = this.environment.offloads[side];
    const { scheduler, ledger } = this;
    const { ttl, identification } = this.environment;
    return new Host({
      side,
      scheduler,
      ledger,
      nic,
      random: this.random.fork(),
      ttl: ttl[side],
      identification: identification[side],
    });
  }

  /** Devices that every kind may meet; they sit at the ends of the path, away from those under test. */
  private surroundings(): Device[] {
    const { nat, virtualServer, sequenceShift, extraHops, renumbering, path } = this.environment;
    const devices: Device[] = [];
    if (nat) {
      const { client, outside } = this.addresses;
      // A port-preserving NAT would hide mistakes in joining views; ports that clients or servers use would blur the truth.
      devices.push(
        translating(1, { inside: client, outside, port: (port) => 10_000 + ((port * 7919) % 22_000) }),
      );
    }
    if (virtualServer) {
      devices.push(translatingServer(path.hops, this.addresses.virtual, this.addresses.server));
    }
    if (extraHops > 0) devices.push(spreading(path.hops, extraHops));
    if (renumbering !== 'none') devices.push(renumbered(path.hops, renumbering));
    if (sequenceShift !== 0) devices.push(shiftingSequence(path.hops, sequenceShift));
    return devices;
  }

  private route(packet: Packet, from: Side): void {
    if (packet.destination === this.addresses.stranger) {
      this.scheduler.after(STRANGER_DELAY_NS, () => this.stranger.nic.receive(packet));
    } else this.path.send(packet, from);
  }

  private fromStranger(packet: Packet): void {
    const host = packet.destination === this.addresses.client ? this.client : this.server;
    this.scheduler.after(STRANGER_DELAY_NS, () => host.nic.receive(packet));
  }
}
