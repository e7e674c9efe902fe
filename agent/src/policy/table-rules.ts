import { NS_PER_S, type PacketTable } from '@bothends/proto';

/** Watches the packets per second of one tap, by their own time stamps. */
export class RateWatch {
  readonly #max: number;
  #secondNs = 0n;
  #packets = 0;

  /** @param max packets in a second above which it is passed; null: no limit */
  constructor(max: number | null) {
    this.#max = max ?? Number.POSITIVE_INFINITY;
  }

  /** Counts the rows of a table, all in the second of its first: a table spans 50 ms. True when the rate is passed. */
  isPassed(table: PacketTable): boolean {
    if (table.length === 0) return false;
    const secondNs = (table.baseNs + BigInt(Math.floor(table.time[0] ?? 0))) / BigInt(NS_PER_S);
    if (secondNs !== this.#secondNs) this.#packets = 0;
    this.#secondNs = secondNs;
    this.#packets += table.length;
    return this.#packets > this.#max;
  }
}

/**
 * Takes the digests of payload out of a table, for a coordinator of the release before: the other host may have an
 * agent of that release, and its digests of the same bytes are others.
 */
export function forgetPayloads(table: PacketTable): void {
  table.digestHigh.fill(0, 0, table.length);
  table.digestLow.fill(0, 0, table.length);
  table.digestLength.fill(0, 0, table.length);
  table.prefixDigests = false;
}

/** Takes the digests of DNS and TLS names out of a table, for a host whose policy lets none leave. */
export function forgetNames(table: PacketTable): void {
  table.nameHigh.fill(0, 0, table.length);
  table.nameLow.fill(0, 0, table.length);
}
