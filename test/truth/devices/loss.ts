import { type Role, roleOf } from '../sim/ledger.js';
import type { Box, Device } from '../sim/path.js';
import { type Direction, ipLength, type Packet } from '../wire/packets.js';

/** Whether to drop this packet. */
export type DropRule = (packet: Packet, toward: Direction, box: Box) => boolean;

/** Drops what its rule picks and passes the rest. */
export function dropping(router: number, why: 'loss' | 'size' | 'rule', rule: DropRule): Device {
  return {
    router,
    handle(packet, toward, box) {
      if (!rule(packet, toward, box)) return box.forward(packet);
      box.note(packet, { what: 'path-dropped', toward, role: roleOf(packet), size: ipLength(packet), why });
    },
  };
}

/** Random loss of some roles in one direction. */
export function lossy(
  router: number,
  toward: Direction,
  roles: readonly Role[],
  probability: number,
): Device {
  return dropping(router, 'loss', (packet, direction, box) => {
    return direction === toward && roles.includes(roleOf(packet)) && box.random.chance(probability);
  });
}

/** What goes to or from this port passes every blocking device, and shows that path and taps work. */
export const SPARED_PORT = 9_999;

export function isSpared({ transport }: Packet): boolean {
  return (
    transport.protocol === 'tcp' && [transport.sourcePort, transport.destinationPort].includes(SPARED_PORT)
  );
}

/** Drops every packet of the given roles in one direction. */
export function blocking(router: number, toward: Direction, roles: readonly Role[]): Device {
  return dropping(router, 'rule', (packet, direction) => {
    return direction === toward && roles.includes(roleOf(packet)) && !isSpared(packet);
  });
}

/** A link with a smaller MTU that says nothing about it: DF packets that do not fit vanish. */
export function blackHole(router: number, toward: Direction, mtu: number): Device {
  return dropping(router, 'size', (packet, direction) => direction === toward && ipLength(packet) > mtu);
}
