import type { PacketTable } from '@bothends/proto';
import { builtAddon } from '../built-addon.js';

/** The add-on's handle of a table, for filling or scanning it; opaque, and valid as long as the table exists. */
declare const targetTag: unique symbol;
export type Target = { readonly [targetTag]: true };
declare const scannedTag: unique symbol;
export type Scanned = { readonly [scannedTag]: true };

/**
 * What `agent/native/plain-decode.c` offers. `position` holds the next byte offset, the next row and, of a ring's block, the
 * packets that are left in it; a call changes it. Times of pcap files and rings count from a base of seconds and ns.
 */
export interface PlainAddon {
  readonly revision: number;
  bind(table: PacketTable, schedule: Int32Array, quick: boolean): Target;
  pcap(
    target: Target,
    bytes: Uint8Array,
    position: Uint32Array,
    linkType: number,
    baseSeconds: number,
    baseNanoseconds: number,
    end: number,
    tickNs: number,
  ): void;
  pcapng(
    target: Target,
    bytes: Uint8Array,
    position: Uint32Array,
    linkType: number,
    interfaceBaseNs: number,
    tickNs: number,
    end: number,
    interfaceId: number,
    baseHigh: number,
    baseLow: number,
  ): void;
  ring(
    target: Target,
    memory: Uint8Array,
    position: Uint32Array,
    linkType: number,
    baseSeconds: number,
    baseNanoseconds: number,
    headerBytes: number,
    snaplen: number,
  ): void;
  bindScan(table: PacketTable, seen: Uint8Array, numbers: Float64Array): Scanned;
  scan(scanned: Scanned, rows: number): void;
}

/** What this source expects of the add-on, see REVISION in plain-decode.c. */
const REVISION = 3;

let addon: PlainAddon | null | undefined;

/** The add-on; null where it is not built. */
export function plainAddon(): PlainAddon | null {
  if (addon === undefined) addon = builtAddon<PlainAddon>('plain-decode', REVISION);
  return addon;
}
