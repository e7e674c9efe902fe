import type { Random } from '../random.js';
import { Host } from '../sim/host.js';
import { Ledger } from '../sim/ledger.js';
import { Nic } from '../sim/nic.js';
import type { Box, Device } from '../sim/path.js';
import type { Scheduler } from '../sim/scheduler.js';
import { Tap } from '../sim/tap.js';
import type { TcpConnection } from '../sim/tcp/connection.js';
import type { TcpSettings } from '../sim/tcp/settings.js';
import { type Direction, isTcp, type Packet } from '../wire/packets.js';

/** What a transparent proxy needs to know. */
export interface ProxySettings {
  readonly router: number;
  readonly tcp: TcpSettings;
  readonly serverPort: number;
}

/**
 * A transparent proxy: it answers the client in the server's name, opens a connection of its own to the server in the
 * client's, and copies data between the two. Works on a path without loss: it forwards segments as they come.
 */
export function proxying(settings: ProxySettings): Device {
  let proxy: TransparentProxy | null = null;
  return {
    router: settings.router,
    handle(packet, toward, box) {
      if (!isTcp(packet)) return box.forward(packet);
      proxy ??= new TransparentProxy(settings, box);
      const flow = box.ledger.flowOf(packet);
      const known = flow?.deeds.some((deed) => deed.what === 'app' && deed.event === 'proxied');
      if (!known) box.note(packet, { what: 'app', event: 'proxied', side: 'server' });
      proxy.receive(packet, toward);
    },
  };
}

class TransparentProxy {
  private readonly downstream: Host;
  private readonly upstream: Host;

  constructor({ tcp, serverPort }: ProxySettings, box: Box) {
    this.downstream = leg(box, 'toward-client');
    this.upstream = leg(box, 'toward-server');
    this.downstream.listen(serverPort, tcp, (client) => this.join(client, tcp));
  }

  receive(packet: Packet, toward: Direction): void {
    (toward === 'toward-server' ? this.downstream : this.upstream).nic.receive(packet);
  }

  private join(client: TcpConnection, tcp: TcpSettings): void {
    const { local, localPort, remote, remotePort } = client.tuple;
    const tuple = { local: remote, localPort: remotePort, remote: local, remotePort: localPort };
    client.on.established = () => {
      const server = this.upstream.connect(tuple, tcp);
      copy(client, server);
      copy(server, client);
    };
  }
}

function copy(from: TcpConnection, to: TcpConnection): void {
  from.on.data = (_, segment) => to.write(segment);
  from.on.finished = () => to.shutdown();
  from.on.ended = (ending) => {
    if (ending === 'reset') to.abort();
  };
}

/** One side of the proxy: a host whose packets go out by the device, and whose deeds are nobody's truth. */
function leg({ scheduler, random, inject }: Box, toward: Direction): Host {
  const nic = silentNic(scheduler, random);
  nic.wire = (packet) => inject(packet, toward);
  return new Host({
    side: 'server',
    scheduler,
    ledger: new Ledger(() => scheduler.now),
    nic,
    random: random.fork(),
    // A proxy is a Linux box, as far as the packets of its own go.
    ttl: 64,
    identification: 'counting',
  });
}

function silentNic(scheduler: Scheduler, random: Random): Nic {
  const address = new Uint8Array(6);
  return new Nic(scheduler, new Tap(random.fork()), 'raw', address, address);
}
