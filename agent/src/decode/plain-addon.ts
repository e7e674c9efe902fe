import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { PacketTable } from '@bothends/proto';

/** A table as the add-on knows it, to be filled or to be scanned; opaque, and good as long as the table is there. */
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
const REVISION = 2;

let addon: PlainAddon | 'missing' | null = null;

/** The add-on; null where it is not built. */
export function plainAddon(): PlainAddon | null {
  addon ??= load();
  return addon === 'missing' ? null : addon;
}

/** Built by `agent/native/build.mjs` into the package, whatever this file was bundled into. */
function load(): PlainAddon | 'missing' {
  const require = createRequire(import.meta.url);
  try {
    const built = join(require.resolve('@bothends/agent/files'), '../native/plain-decode.node');
    const found = require(built) as PlainAddon;
    return found.revision === REVISION ? found : 'missing';
  } catch {
    return 'missing';
  }
}
