import { roleOf } from '../sim/ledger.js';
import { type Box, type Device, opposite } from '../sim/path.js';
import { type Direction, fragmentsOf, type IcmpError, ipLength, type Packet } from '../wire/packets.js';

/** Addresses of a router that speaks for itself. */
const ROUTER = { v4: '10.255.0.1', v6: 'fd00:ffff::1' } as const;

/**
 * A link with a smaller MTU whose router says so: ICMP "fragmentation needed" (RFC 792, type 3 code 4), in IPv6 "packet too
 * big" (RFC 4443, type 2). The stacks here do not listen, as hosts behind a firewall that eats ICMP.
 */
export function announcedHole(router: number, toward: Direction, mtu: number): Device {
  return {
    router,
    handle(packet, direction, box) {
      const size = ipLength(packet);
      if (direction !== toward || size <= mtu) return box.forward(packet);
      box.note(packet, { what: 'path-dropped', toward, role: roleOf(packet), size, why: 'size' });
      complain(packet, direction, box, mtu);
    },
  };
}

function complain(packet: Packet, toward: Direction, box: Box, mtu: number): void {
  const v6 = packet.source.includes(':');
  const transport: IcmpError = {
    protocol: 'icmp',
    type: v6 ? 2 : 3,
    code: v6 ? 0 : 4,
    mtu,
    quoted: packet,
  };
  box.note(packet, { what: 'icmp-sent', by: 'path' });
  const error: Packet = {
    ...packet,
    source: v6 ? ROUTER.v6 : ROUTER.v4,
    destination: packet.source,
    ttl: 64,
    tos: 0,
    flowLabel: 0,
    transport,
  };
  box.inject(error, opposite(toward));
}

/** A link with a smaller MTU that cuts IPv4 datagrams to fit, DF or not, as tunnels that clear it do. */
export function cutting(router: number, mtu: number): Device {
  return {
    router,
    handle(packet, _toward, box) {
      const isWhole = packet.transport.protocol === 'udp' && !packet.fragment && !packet.source.includes(':');
      const pieces = isWhole ? fragmentsOf(packet, mtu) : [packet];
      for (const piece of pieces) box.forward(piece);
    },
  };
}
