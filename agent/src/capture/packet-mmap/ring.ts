import { getSystemErrorMap } from 'node:util';
import { BothendsError, toBothendsError } from '@bothends/proto';
import { openFailure } from '../failure.js';
import { errnoOf, type PacketMmapAddon, type RingHandle } from './addon.js';
import { NOTHING, toBytes } from './program.js';

/** A packet waits this long at most for others in its block. */
export const RETIRE_MS = 20;
/**
 * A block is handed over with whatever it holds when its time is over, so it takes many to ride out a long pause of the
 * reader in light traffic: 4096 of 16 KiB last 80 seconds, and an agent may well be suspended for one.
 */
const PAGES_IN_BLOCK = 4;
/** More than what the kernel puts around the packets of a block and around each; counts with large snaplens. */
const OVERHEAD_BYTES = 256;
/**
 * Memory that the rings of all taps take together at most, as long as there are not very many. It counts as
 * memory of the agent, which ends its taps when it takes 512 MB (or what its host's policy says).
 */
const ALL_RINGS_BYTES = 192 * 1024 * 1024;
/** Less does not hold the packets of one pause of the reader. */
const LEAST_BYTES = 1024 * 1024;

export interface RingRequest {
  /** 0: all interfaces. */
  readonly interfaceIndex: number;
  /** Packets without their link header. */
  readonly datagrams: boolean;
  /** The filter as the kernel takes it. */
  readonly program: Uint8Array;
  readonly ringBytes: number;
  /** Most bytes that are kept of a packet. */
  readonly snaplen: number;
  readonly onReadable: (error: string | null) => void;
}

/** What the kernel counted since the ring was opened. */
export interface RingCounters {
  /** Packets that passed the filter, dropped ones too. */
  received: number;
  /**
   * Dropped because the ring was full: one by one, also while it stood still. So the number of times that it stood still
   * (`tp_freeze_q_cnt`), which the kernel counts beside, stands for no loss of its own.
   */
  dropped: number;
}

/** An open packet socket and its ring. Closed rings take calls of `close` only. */
export class Ring {
  /** May be less than was asked for, see `open`. */
  readonly bytes: number;
  readonly memory: ArrayBuffer;
  readonly blockBytes: number;
  readonly counters: RingCounters = { received: 0, dropped: 0 };
  readonly #addon: PacketMmapAddon;
  readonly #handle: RingHandle;
  readonly #news = new Uint32Array(2);
  #closed = false;
  /** Bytes of all rings that are open in this process. */
  static #inUse = 0;

  private constructor(addon: PacketMmapAddon, handle: RingHandle, memory: ArrayBuffer, blockBytes: number) {
    this.#addon = addon;
    this.#handle = handle;
    this.memory = memory;
    this.blockBytes = blockBytes;
    this.bytes = memory.byteLength;
    Ring.#inUse += this.bytes;
  }

  /**
   * Opens a ring. Beside other rings it takes at most half of what is left for all; where the kernel refuses,
   * half of that, and so on. Throws what the add-on throws.
   */
  static open(addon: PacketMmapAddon, request: RingRequest): Ring {
    const { interfaceIndex, datagrams, program, ringBytes, onReadable } = request;
    const blockBytes = blockBytesFor(request.snaplen, addon.pageBytes);
    const leastBlocks = Math.max(2, LEAST_BYTES / blockBytes);
    const share = Math.min(ringBytes, (ALL_RINGS_BYTES - Ring.#inUse) / 2);
    let blocks = Math.max(leastBlocks, Math.floor(share / blockBytes));
    for (;;) {
      const sizes = [blockBytes, blocks, RETIRE_MS] as const;
      // As tcpdump does: everything that the interface gets, where there is one.
      const promiscuous = interfaceIndex === 0 ? 0 : 1;
      try {
        const { handle, memory } = addon.open(
          interfaceIndex,
          datagrams ? 1 : 0,
          promiscuous,
          program,
          ...sizes,
          onReadable,
        );
        return new Ring(addon, handle, memory, blockBytes);
      } catch (thrown) {
        if (!isRingRefused(thrown) || blocks <= leastBlocks) throw thrown;
        blocks = Math.max(leastBlocks, blocks >> 1);
      }
    }
  }

  /** Brings `counters` up to date. */
  count(): void {
    if (this.#closed) return;
    this.#addon.statistics(this.#handle, this.#news);
    const [received = 0, dropped = 0] = this.#news;
    this.counters.received += received;
    this.counters.dropped += dropped;
  }

  /** Calls `onReadable` as long as there are blocks to read; or stops that. */
  watch(on: boolean): void {
    if (!this.#closed) this.#addon.watch(this.#handle, on);
  }

  /** Lets nothing more in; what is in the ring stays there. */
  refuseMore(): void {
    if (!this.#closed) this.#addon.filter(this.#handle, toBytes(NOTHING));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    Ring.#inUse -= this.bytes;
    this.#addon.close(this.#handle);
  }
}

/** Twice what the largest packet takes, or the rest of a block would often be too small for the next. */
function blockBytesFor(snaplen: number, pageBytes: number): number {
  let bytes = pageBytes * PAGES_IN_BLOCK;
  while (bytes < 2 * (snaplen + OVERHEAD_BYTES)) bytes *= 2;
  return bytes;
}

function isRingRefused(thrown: unknown): boolean {
  return errnoOf(thrown) === 'ENOMEM' && (thrown as Error).message === 'ring';
}

/** Why a ring did not open, with what to do. */
export function ringFailure(interfaceName: string, thrown: unknown): BothendsError {
  const errno = errnoOf(thrown);
  if (!(thrown instanceof Error) || errno === '') return toBothendsError(thrown);
  const step = thrown.message;
  if (step === 'filter' && (errno === 'ENOMEM' || errno === 'ENOBUFS' || errno === 'EINVAL')) {
    return new BothendsError(
      'unsupported',
      `the kernel does not take a filter this long (${errno}): shorten it, raise net.core.optmem_max, or use --back-end tcpdump`,
    );
  }
  if (step === 'ring')
    return new BothendsError(
      'resource-exhausted',
      `the kernel has no memory for a ring on ${interfaceName} (${errno}): free some, or use --back-end tcpdump`,
    );
  const [, said = errno] = [...getSystemErrorMap().values()].find(([name]) => name === errno) ?? [];
  return openFailure(interfaceName, said);
}
