import { nsOf, toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import type { Clock } from '../time.js';
import { type Capture, isOver, timesOf } from './capture.js';

/** How often expired captures are looked for. Disks do not fill in that time, and a day is the shortest use of this. */
const LOOK_MS = 10 * 60_000;

export interface RetentionInput {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long captures are kept after their end, ms. */
  readonly keepMs: number;
  readonly list: () => readonly Capture[];
  /** Deletes a capture with its evidence. */
  readonly remove: (id: string) => Promise<void>;
}

/** Deletes captures that are over for longer than they are kept, now and every few minutes; returns what ends it. */
export function keepFor(input: RetentionInput): () => void {
  let cancel = () => {};
  const look = () => {
    void removeExpired(input);
    cancel = input.clock.after(LOOK_MS, look);
  };
  look();
  return () => cancel();
}

async function removeExpired({ clock, logger, keepMs, list, remove }: RetentionInput): Promise<void> {
  const before = clock.nowNs() - nsOf(Math.round(keepMs));
  for (const { id, name, phase } of list()) {
    const { endedNs } = timesOf(phase);
    if (!isOver(phase) || endedNs === null || endedNs >= before) continue;
    try {
      await remove(id);
      logger.info({ capture: id, name }, 'capture deleted: it was kept as long as --keep says');
    } catch (error) {
      // It may have been deleted by hand meanwhile; the next look tries again.
      logger.warn({ capture: id, reason: toBothendsError(error).message }, 'expired capture not deleted');
    }
  }
}
