import type { Device } from '../sim/path.js';
import type { Packet, Transport } from '../wire/packets.js';

/** Source NAT: what the client's network is called outside. */
export interface Translation {
  readonly inside: string;
  readonly outside: string;
  /** Outside port of an inside port; the same one each time. */
  readonly port: (insidePort: number) => number;
}

/** Translates source address and port toward the server, and back. Strangers pass as they are. */
export function translating(router: number, translation: Translation): Device {
  const inside = new Map<number, number>();
  const outward = (packet: Packet): Packet => {
    const port = portsOf(packet.transport).source;
    inside.set(translation.port(port), port);
    return {
      ...packet,
      source: translation.outside,
      transport: withSourcePort(packet.transport, translation.port(port)),
    };
  };
  const inward = (packet: Packet): Packet => {
    const port = inside.get(portsOf(packet.transport).destination);
    if (port === undefined) return packet;
    return {
      ...packet,
      destination: translation.inside,
      transport: towardInside(packet.transport, port, translation.inside),
    };
  };
  return {
    router,
    handle(packet, toward, box) {
      if (toward === 'toward-server' && packet.source === translation.inside) {
        const outside = outward(packet);
        box.ledger.translate(portsOf(packet.transport).source, portsOf(outside.transport).source);
        box.note(packet, { what: 'changed', change: 'nat', toward });
        return box.forward(outside);
      }
      const translated = toward === 'toward-client' && packet.destination === translation.outside;
      box.forward(translated ? inward(packet) : packet);
    },
  };
}

/** Destination NAT: clients call the server by a virtual address, as in front of a load balancer that only forwards. */
export function translatingServer(router: number, virtual: string, real: string): Device {
  return {
    router,
    handle(packet, toward, box) {
      if (toward === 'toward-server' && packet.destination === virtual) {
        box.note(packet, { what: 'changed', change: 'nat', toward });
        box.forward({ ...packet, destination: real });
      } else if (toward === 'toward-client' && packet.source === real)
        box.forward(asVirtual(packet, virtual));
      else box.forward(packet);
    },
  };
}

/** What the server sends, under the name that the client knows; the quote of an ICMP error as well. */
function asVirtual(packet: Packet, virtual: string): Packet {
  const { transport } = packet;
  if (transport.protocol !== 'icmp') return { ...packet, source: virtual };
  const quoted = { ...transport.quoted, destination: virtual };
  return { ...packet, source: virtual, transport: { ...transport, quoted } };
}

function portsOf(transport: Transport): { source: number; destination: number } {
  if (transport.protocol === 'icmp') {
    const quoted = portsOf(transport.quoted.transport);
    return { source: quoted.destination, destination: quoted.source };
  }
  return { source: transport.sourcePort, destination: transport.destinationPort };
}

function withSourcePort(transport: Transport, port: number): Transport {
  return transport.protocol === 'icmp' ? transport : { ...transport, sourcePort: port };
}

/** Sets the port that the client knows; an ICMP error's quote, which the client sent, is set right with it. */
function towardInside(transport: Transport, port: number, inside: string): Transport {
  if (transport.protocol !== 'icmp') return { ...transport, destinationPort: port };
  const { quoted } = transport;
  const sent = { ...quoted, source: inside, transport: withSourcePort(quoted.transport, port) };
  return { ...transport, quoted: sent };
}
