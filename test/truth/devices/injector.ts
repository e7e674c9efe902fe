import { type AppEvent, roleOf } from '../sim/ledger.js';
import type { Box, Device } from '../sim/path.js';
import { type Direction, Flag, has, ipLength, isTcp, type TcpPacket } from '../wire/packets.js';

/** How a known kind of injector builds its RSTs. */
export interface Burst {
  /** Offsets added to the expected sequence number, one RST each: `[0, 1460, 4380]`, or `[0, 0, 0]`. */
  readonly offsets: readonly number[];
  readonly acknowledges: boolean;
  /** Initial TTL of each RST, or the trigger's own on arrival (mirrored). */
  readonly ttl: 'mirrored' | ((index: number) => number);
  readonly window: number;
  /** Microseconds from the trigger to the first RST. */
  readonly reactionNs: number;
}

export interface Injection {
  readonly router: number;
  readonly burst: Burst;
  /** Ends that get RSTs. */
  readonly toward: readonly Direction[];
  /** In line: the trigger is dropped; else it passes and the RSTs race it. */
  readonly inline: boolean;
  readonly triggers: (packet: TcpPacket, toward: Direction) => boolean;
  /** What the injection amounts to for the application. */
  readonly event?: AppEvent;
}

/** Resets a connection once, at the first packet that triggers it. */
export function injecting(injection: Injection): Device {
  const done = new Set<object>();
  return {
    router: injection.router,
    handle(packet, toward, box) {
      const flow = box.ledger.flowOf(packet);
      const fires = flow && isTcp(packet) && !done.has(flow) && injection.triggers(packet, toward);
      if (!fires) return box.forward(packet);
      done.add(flow);
      if (injection.event) box.note(packet, { what: 'app', event: injection.event, side: 'client' });
      for (const target of injection.toward) shoot(packet, toward, target, box, injection);
      if (!injection.inline) return box.forward(packet);
      box.note(packet, {
        what: 'path-dropped',
        toward,
        role: roleOf(packet),
        size: ipLength(packet),
        why: 'rule',
      });
    },
  };
}

function shoot(
  trigger: TcpPacket,
  toward: Direction,
  target: Direction,
  box: Box,
  injection: Injection,
): void {
  const { burst } = injection;
  burst.offsets.forEach((offset, index) => {
    const ttl = burst.ttl === 'mirrored' ? trigger.ttl : burst.ttl(index);
    const reset =
      target === toward ? resetAlong(trigger, offset, burst) : resetAgainst(trigger, offset, burst);
    box.note(trigger, { what: 'injected', toward: target, role: 'rst', router: box.router });
    box.inject(
      { ...reset, ttl, id: box.random.integer(0, 0xffff) },
      target,
      burst.reactionNs + index * 1_000,
    );
  });
}

/** A RST that claims to come from the trigger's sender and follows the trigger's data. */
function resetAlong(trigger: TcpPacket, offset: number, burst: Burst): TcpPacket {
  const { sequence, acknowledgment, data } = trigger.transport;
  return forge(trigger, (sequence + data.length + offset) >>> 0, acknowledgment, burst);
}

/** A RST that claims to come from the trigger's destination. */
function resetAgainst(trigger: TcpPacket, offset: number, burst: Burst): TcpPacket {
  const { sequence, acknowledgment, data, sourcePort, destinationPort } = trigger.transport;
  const syn = has(trigger, Flag.syn) ? 1 : 0;
  const turned: TcpPacket = {
    ...trigger,
    source: trigger.destination,
    destination: trigger.source,
    transport: { ...trigger.transport, sourcePort: destinationPort, destinationPort: sourcePort },
  };
  return forge(turned, (acknowledgment + offset) >>> 0, (sequence + data.length + syn) >>> 0, burst);
}

function forge(like: TcpPacket, sequence: number, acknowledgment: number, burst: Burst): TcpPacket {
  return {
    ...like,
    tos: 0,
    flowLabel: 0,
    transport: {
      ...like.transport,
      sequence,
      acknowledgment: burst.acknowledges ? acknowledgment : 0,
      flags: burst.acknowledges ? Flag.rst | Flag.ack : Flag.rst,
      window: burst.window,
      options: {},
      data: new Uint8Array(0),
    },
  };
}
