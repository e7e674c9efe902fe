import { roleOf } from '../sim/ledger.js';
import type { Device } from '../sim/path.js';
import type { Direction } from '../wire/packets.js';

/** Holds some data packets back for `heldNs`, so that later ones overtake them. */
export function reordering(router: number, toward: Direction, probability: number, heldNs: number): Device {
  return {
    router,
    handle(packet, direction, box) {
      const picked = direction === toward && roleOf(packet) === 'data' && box.random.chance(probability);
      if (!picked) return box.forward(packet);
      box.note(packet, { what: 'reordered', toward });
      box.forward(packet, heldNs);
    },
  };
}

/** Delivers some packets twice, the copy `laterNs` behind. */
export function duplicating(router: number, toward: Direction, probability: number, laterNs: number): Device {
  return {
    router,
    handle(packet, direction, box) {
      box.forward(packet);
      if (direction !== toward || roleOf(packet) !== 'data' || !box.random.chance(probability)) return;
      box.note(packet, { what: 'duplicated', toward });
      box.forward(packet, laterNs);
    },
  };
}
