import type { Device } from '../sim/path.js';

/**
 * Equal-cost routes of different length, chosen packet by packet: half of the packets lose `extra` more of their TTL. Both
 * take the same time, so that nothing is reordered.
 */
export function spreading(router: number, extra: number): Device {
  return {
    router,
    handle(packet, _toward, box) {
      box.forward(box.random.chance(0.5) ? { ...packet, ttl: packet.ttl - extra } : packet);
    },
  };
}
