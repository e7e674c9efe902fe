import { roleOf } from '../sim/ledger.js';
import type { Device } from '../sim/path.js';
import { SECOND } from '../sim/scheduler.js';
import { type Direction, ipLength } from '../wire/packets.js';

/**
 * A shaper: what comes faster than `bytesPerSecond` waits its turn, in order, and what finds more than `queueBytes`
 * waiting is dropped, as by a full router queue. An empty one takes any packet: else it would be a hole for large ones.
 */
export function shaping(
  router: number,
  toward: Direction,
  bytesPerSecond: number,
  queueBytes: number,
): Device {
  let freeAt = 0;
  return {
    router,
    handle(packet, direction, box) {
      if (direction !== toward) return box.forward(packet);
      const size = ipLength(packet);
      const waitNs = Math.max(0, freeAt - box.now);
      if (waitNs > 0 && (waitNs / SECOND) * bytesPerSecond + size > queueBytes) {
        box.note(packet, { what: 'path-dropped', toward, role: roleOf(packet), size, why: 'loss' });
        return;
      }
      freeAt = box.now + waitNs + (size / bytesPerSecond) * SECOND;
      box.forward(packet, freeAt - box.now);
    },
  };
}
