/** Words of one retransmission: its number at its tap, its first sequence number, its payload bytes. */
const WORDS = 3;

/** Room of a side at first, in retransmissions. */
const FIRST_ROOM = 16;

/** Retransmissions remembered in all: 12 MB. A side whose own are more than it has here is known in part. */
const TOTAL_LIMIT = 1 << 20;

/** One side's retransmissions in the order they went by. */
interface Log {
  words: Uint32Array;
  count: number;
}

/**
 * Every retransmission that a tap saw, by the number of its side: of the many of a lossy path few are kept as records, and
 * each loss has to be held against all of them.
 */
export class SentAgain {
  readonly #logs = new Map<number, Log>();
  #total = 0;

  /** Notes the packet `number` of a tap, whose `length` bytes from `sequence` on had all gone by there before. */
  note(side: number, number: number, sequence: number, length: number): void {
    if (this.#total === TOTAL_LIMIT) return;
    this.#total++;
    const log = this.#logOf(side);
    const at = log.count++ * WORDS;
    if (at === log.words.length) log.words = doubled(log.words);
    log.words[at] = number;
    log.words[at + 1] = sequence;
    log.words[at + 2] = length;
  }

  /** Tells of each that is known of a side: its number at the tap, its first sequence number, its payload bytes. */
  each(side: number, tell: (number: number, sequence: number, length: number) => void): void {
    const log = this.#logs.get(side);
    if (!log) return;
    for (let at = 0; at < log.count * WORDS; at += WORDS)
      tell(log.words[at], log.words[at + 1], log.words[at + 2]);
  }

  #logOf(side: number): Log {
    let log = this.#logs.get(side);
    if (!log) {
      log = { words: new Uint32Array(FIRST_ROOM * WORDS), count: 0 };
      this.#logs.set(side, log);
    }
    return log;
  }
}

function doubled(words: Uint32Array): Uint32Array {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}
