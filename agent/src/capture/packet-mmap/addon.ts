import { createRequire } from 'node:module';
import { BothendsError } from '@bothends/proto';

/** An open ring as the add-on knows it; opaque. */
declare const handleTag: unique symbol;
export type RingHandle = { readonly [handleTag]: true };

/**
 * What `agent/native/packet-mmap.c` offers. Every function throws an Error whose `code` is the name of an errno and whose
 * message is the step that failed: `socket`, `filter`, `ring`, `bind`, `promiscuous mode`.
 */
export interface PacketMmapAddon {
  /** Absent in the first ones. */
  readonly revision?: number;
  /** Blocks are of whole pages. */
  readonly pageBytes: number;
  /** Throws unless this process may open packet sockets. */
  probe(): void;
  /** Index of an interface of this network namespace, 0 when there is none of this name. */
  interfaceIndex(name: string): number;
  interfaceExists(index: number): boolean;
  /**
   * Opens a socket on an interface (0: on all), `datagram` without link headers, with a ring of `blocks` × `blockBytes`.
   * A block that holds packets is handed over when it is full or after `retireMs`. `program` holds `struct sock_filter`s.
   * `onReadable` gets null when a block is there, else the name of the socket's error, after which it has to be watched anew.
   */
  open(
    interfaceIndex: number,
    datagram: number,
    promiscuous: number,
    program: Uint8Array,
    blockBytes: number,
    blocks: number,
    retireMs: number,
    onReadable: (error: string | null) => void,
  ): { readonly handle: RingHandle; readonly memory: ArrayBuffer };
  /** Calls `onReadable` as long as the block that came last is not given back; or stops that. */
  watch(handle: RingHandle, on: boolean): void;
  /** Replaces the filter. */
  filter(handle: RingHandle, program: Uint8Array): void;
  /** What happened since the last call: packets (dropped ones too), drops. */
  statistics(handle: RingHandle, into: Uint32Array): void;
  /** Frees socket and ring; the memory reads as zeros from here on. */
  close(handle: RingHandle): void;
}

/** Built by `agent/native/build.mjs`; the same place seen from the sources and from what they are compiled to. */
const BUILT = '../../../dist/native/packet-mmap.node';

/** What this source expects of the add-on, see REVISION in packet-mmap.c. */
const REVISION = 2;

/** Loads the add-on. Throws what `require` throws where it was not built, `failed-precondition` for one of another release. */
export function loadAddon(): PacketMmapAddon {
  const addon = createRequire(import.meta.url)(BUILT) as PacketMmapAddon;
  checkRevision(addon);
  return addon;
}

/** Throws `failed-precondition` where an add-on is older or newer than this source. */
export function checkRevision({ revision }: Pick<PacketMmapAddon, 'revision'>): void {
  if (revision === REVISION) return;
  throw new BothendsError(
    'failed-precondition',
    `it was built from the source of ${(revision ?? 0) < REVISION ? 'an older' : 'a newer'} release: run "npm run build"`,
  );
}

/** The errno's name that the add-on throws, '' for anything else. */
export function errnoOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return /^E[A-Z0-9]+$/.test(code) ? code : '';
}
