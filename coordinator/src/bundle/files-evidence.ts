import { BATCH_CODEC, crc32, encodeColumns, type PacketTable } from '@bothends/proto';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { TapCoverage } from '../engine/types.js';

/** Makes the batches of a tap that was read from a file; nobody signs them. */
export class FileBatches {
  readonly #tapId: string;
  #sequence = 0n;
  #packets = 0;
  #lastNs = 0n;

  constructor(tapId: string) {
    this.#tapId = tapId;
  }

  /** All rows of a table, at least one. */
  batch(table: PacketTable): Batch {
    const columns = Buffer.from(encodeColumns(table));
    const times = table.time.subarray(0, table.length);
    this.#packets += table.length;
    this.#lastNs = table.baseNs + BigInt(Math.max(...times));
    return {
      ...this.#empty(),
      count: table.length,
      firstNs: table.baseNs + BigInt(Math.min(...times)),
      lastNs: this.#lastNs,
      columns,
      crc32: crc32(columns),
    };
  }

  /** The last one: what the file vouches for. */
  end(coverage: TapCoverage): Batch {
    return { ...this.#empty(), coverage: coverageMessage(coverage, this.#packets) };
  }

  #empty(): Batch {
    this.#sequence += 1n;
    return {
      tapId: this.#tapId,
      sequence: this.#sequence,
      count: 0,
      firstNs: this.#lastNs,
      lastNs: this.#lastNs,
      codec: BATCH_CODEC,
      columns: Buffer.alloc(0),
      crc32: 0,
      coverage: undefined,
    };
  }
}

/** A file's coverage as a message; `tapCoverage` leads it back. */
function coverageMessage(coverage: TapCoverage, packets: number): Coverage {
  const { kernelDrops, openedNs, closedNs, watermarkNs, timestamps } = coverage;
  return {
    openedNs: openedNs ?? 0n,
    closedNs: closedNs ?? 0n,
    packets: BigInt(coverage.packets ?? packets),
    kernelDrops: kernelDrops === null ? undefined : BigInt(kernelDrops),
    agentDrops: BigInt(coverage.agentDrops),
    gaps: coverage.gaps.map(({ fromNs, toNs, packets: lost, cause }) => {
      return { fromNs, toNs, packets: BigInt(lost ?? 0), cause };
    }),
    watermarkNs: watermarkNs ?? 0n,
    timeStamps: timestamps,
    backEnd: coverage.backEnd,
    filter: coverage.filter,
    interfaces: [...coverage.interfaces],
    snaplen: coverage.snaplen,
    ringBytes: 0,
    bootId: '',
    addresses: [],
    wallMinusMonotonicNs: 0n,
    tool: '',
    filterLength: 0,
    interfaceStates: [],
  };
}
