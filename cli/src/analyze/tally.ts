import { formatAddress, type PacketTable, Scan, scanRows } from '@bothends/proto';

/** Pairs of addresses named as examples: enough to recognise a network by. */
const EXAMPLES = 3;
/** Packets from which the examples are taken; making text of addresses takes longer than everything else here. */
const EXAMINED = 256;

/** What a file held, in so far as it explains why an analysis found nothing. */
export class Tally {
  packets = 0;
  /** Packets that the snaplen cut before their ports, and how much it left of the longest of them, in bytes. */
  cut = 0;
  cutAt = 0;
  /** Epoch ns of the earliest and the latest packet; null without packets. */
  firstNs: bigint | null = null;
  lastNs: bigint | null = null;
  /** Packets of each pair of addresses at the beginning: `10.0.0.1 and 10.0.0.2`. */
  readonly #pairs = new Map<string, number>();

  add(table: PacketTable): void {
    if (this.packets === 0) this.#countPairs(table);
    this.packets += table.length;
    const { earliest, latest, cut, cutAt } = table.scan ?? scanRows(table, new Scan(table.capacity));
    this.cut += cut;
    this.cutAt = Math.max(this.cutAt, cutAt);
    this.#span(table.baseNs + BigInt(earliest), table.baseNs + BigInt(latest));
  }

  /** The busiest pairs of addresses, as far as the beginning of the file tells. */
  get examples(): string[] {
    const ranked = [...this.#pairs].sort((a, b) => b[1] - a[1]);
    return ranked.slice(0, EXAMPLES).map(([pair]) => pair);
  }

  #span(firstNs: bigint, lastNs: bigint): void {
    if (this.firstNs === null || firstNs < this.firstNs) this.firstNs = firstNs;
    if (this.lastNs === null || lastNs > this.lastNs) this.lastNs = lastNs;
  }

  #countPairs(table: PacketTable): void {
    for (let row = 0; row < Math.min(EXAMINED, table.length); row++) {
      if (table.ipVersion[row] === 0) continue;
      const ends = [formatAddress(table.source, row * 4), formatAddress(table.destination, row * 4)].sort();
      const pair = ends.join(' and ');
      this.#pairs.set(pair, (this.#pairs.get(pair) ?? 0) + 1);
    }
  }
}
