import type { Device } from '../sim/path.js';
import { SECOND } from '../sim/scheduler.js';
import { type Direction, ipLength } from '../wire/packets.js';
import { dropping, isSpared } from './loss.js';

/** A policer: what comes faster than `bytesPerSecond`, beyond a burst, is dropped and never queued. */
export function policing(
  router: number,
  toward: Direction,
  bytesPerSecond: number,
  burstBytes: number,
): Device {
  let tokens = burstBytes;
  let filledAt = 0;
  return dropping(router, 'rule', (packet, direction, box) => {
    if (direction !== toward || isSpared(packet)) return false;
    tokens = Math.min(burstBytes, tokens + ((box.now - filledAt) / SECOND) * bytesPerSecond);
    filledAt = box.now;
    const size = ipLength(packet);
    if (size > tokens) return true;
    tokens -= size;
    return false;
  });
}
