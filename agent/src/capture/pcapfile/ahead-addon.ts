import type { PacketTable } from '@bothends/proto';
import { builtAddon } from '../../built-addon.js';
import type { PcapClock, PcapngClock } from '../format/parser.js';

/** A table that the thread fills, with room for what it says about it. */
export interface AheadSlot {
  readonly table: PacketTable;
  /** As in `Scan`; told only where no row was left free. */
  readonly seen: Uint8Array;
  readonly numbers: Float64Array;
  /** Each row left free, with room for all, and where its record ends in `bytes`, in which they stand one behind the other. */
  readonly left: Uint32Array;
  readonly bytes: Uint8Array;
  /** At the places of AheadTold. */
  readonly told: Float64Array;
}

/** Rows; how many were left free, and the bytes of these; the table's end in the file; 1 where the thread ended with it. */
export const AheadTold = { rows: 0, leftRows: 1, leftBytes: 2, offset: 3, ended: 4, length: 5 } as const;

/** Where an open file is read on, and the LINKTYPE of its packets. */
export interface AheadPlace {
  readonly file: number;
  readonly offset: number;
  readonly linkType: number;
}

/** A thread that reads; opaque. */
declare const threadTag: unique symbol;
export type AheadThread = { readonly [threadTag]: true };

/** What `agent/native/read-ahead.c` offers. */
export interface AheadAddon {
  readonly revision: number;
  /** `schedule` and `quick` as in PlainDecoder. Throws where no thread can be started. */
  start(
    slots: readonly AheadSlot[],
    schedule: Int32Array,
    quick: boolean,
    place: AheadPlace,
    clock: PcapClock | PcapngClock,
  ): AheadThread;
  /** Gives back the slot before and waits for the next; its number. Not after one that told `ended`. */
  next(thread: AheadThread): number;
  /** Ends the thread, wherever it is. */
  stop(thread: AheadThread): void;
}

/** What this source expects of the add-on, see REVISION in read-ahead.c. */
const REVISION = 2;

let addon: AheadAddon | null | undefined;

/** The add-on; null where it is not built. */
export function aheadAddon(): AheadAddon | null {
  if (addon === undefined) addon = builtAddon<AheadAddon>('read-ahead', REVISION);
  return addon;
}
