import type { PathChange } from '../sim/ledger.js';
import type { Device } from '../sim/path.js';
import {
  type Direction,
  Flag,
  has,
  isTcp,
  optionsLength,
  type Packet,
  type TcpOptions,
  type TcpPacket,
  withTcp,
} from '../wire/packets.js';

/** Changes packets on their way; `rewrite` returns the packet itself where there is nothing to change. */
function rewriting(
  router: number,
  change: PathChange,
  rewrite: (packet: Packet, toward: Direction) => Packet,
): Device {
  return {
    router,
    handle(packet, toward, box) {
      const changed = rewrite(packet, toward);
      if (changed !== packet) box.note(packet, { what: 'changed', change, toward });
      box.forward(changed);
    },
  };
}

/** Lowers the MSS option of SYNs in both directions. */
export function clampingMss(router: number, limit: number): Device {
  return rewriting(router, 'mss', (packet) => {
    if (!isTcp(packet) || !has(packet, Flag.syn)) return packet;
    const { options } = packet.transport;
    if (options.mss === undefined || options.mss <= limit) return packet;
    return withTcp(packet, { options: { ...options, mss: limit } });
  });
}

/** Gives IPv4 packets other identifications, as scrubbing firewalls and clouds do; pieces of a datagram keep theirs. */
export function renumbered(router: number, how: 'random' | 'zero'): Device {
  return {
    router,
    handle(packet, _toward, box) {
      const id = how === 'zero' ? 0 : box.random.integer(0, 0xffff);
      box.forward(packet.fragment ? packet : { ...packet, id });
    },
  };
}

/** An option that a device may remove. */
export type Strippable = 'windowScale' | 'sackPermitted' | 'timestamps';

/** Overwrites one option of SYNs with NOPs, as `reset tcp option` of nft does. */
export function strippingOption(router: number, option: Strippable): Device {
  return rewriting(router, 'options', (packet) => {
    if (!isTcp(packet) || !has(packet, Flag.syn) || packet.transport.options[option] === undefined)
      return packet;
    const { [option]: _removed, ...kept } = packet.transport.options;
    const freed = optionsLength(packet.transport.options) - optionsLength(kept);
    const options: TcpOptions = { ...kept, blanks: (kept.blanks ?? 0) + freed };
    return withTcp(packet, { options });
  });
}

/** Sets the DSCP of one direction; the ECN bits stay. */
export function markingDscp(router: number, toward: Direction, dscp: number): Device {
  return rewriting(router, 'dscp', (packet, direction) => {
    const tos = (dscp << 2) | (packet.tos & 3);
    return direction !== toward || tos === packet.tos ? packet : { ...packet, tos };
  });
}

/** Clears the ECN field of one direction. */
export function bleachingEcn(router: number, toward: Direction): Device {
  return rewriting(router, 'ecn', (packet, direction) => {
    return direction !== toward || (packet.tos & 3) === 0 ? packet : { ...packet, tos: packet.tos & ~3 };
  });
}

/** Changes one byte of data segments that `picks` chooses, and leaves the checksum right or wrong. */
export function corrupting(
  router: number,
  toward: Direction,
  picks: () => boolean,
  repairsChecksum: boolean,
): Device {
  return rewriting(router, 'payload', (packet, direction) => {
    if (direction !== toward || !isTcp(packet) || packet.transport.data.length < 8 || !picks()) return packet;
    const data = packet.transport.data.slice();
    data[5] ^= 0x20;
    const changed = withTcp(packet, { data });
    return repairsChecksum ? changed : { ...changed, checksum: 'bad' };
  });
}

/** Shifts the client's sequence numbers by a constant, as ISN randomisation of a firewall does, SACK included. */
export function shiftingSequence(router: number, delta: number): Device {
  return rewriting(router, 'sequence', (packet, toward) => {
    if (!isTcp(packet)) return packet;
    return toward === 'toward-server' ? shiftSequence(packet, delta) : shiftAcknowledgment(packet, -delta);
  });
}

function shiftSequence(packet: TcpPacket, delta: number): TcpPacket {
  return withTcp(packet, { sequence: (packet.transport.sequence + delta) >>> 0 });
}

function shiftAcknowledgment(packet: TcpPacket, delta: number): TcpPacket {
  const { acknowledgment, flags, options, sequence } = packet.transport;
  // A bare RST answers with the acknowledged number as its sequence; its own ACK field is not valid.
  if (!(flags & Flag.ack)) return withTcp(packet, { sequence });
  const move = (edge: number) => (edge + delta) >>> 0;
  const sack = options.sack?.map(([left, right]) => [move(left), move(right)] as const);
  return withTcp(packet, {
    acknowledgment: move(acknowledgment),
    options: sack ? { ...options, sack } : options,
  });
}
