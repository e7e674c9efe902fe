/** Virtual time in ns from the start of a run, and what happens when. */

export const MS = 1_000_000;
export const SECOND = 1_000_000_000;

export interface Timer {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  /** Ties run in the order in which they were asked for. */
  readonly order: number;
  run: (() => void) | null;
}

/** A run that needs more events than this has gone wrong: the longest kinds take under 40 000. */
const EVENT_LIMIT = 500_000;

export class Scheduler {
  now = 0;
  private readonly heap: Entry[] = [];
  private asked = 0;

  /** Runs `action` after `delayNs` (at once when it is negative). */
  after(delayNs: number, action: () => void): Timer {
    const entry: Entry = {
      at: this.now + Math.max(0, Math.round(delayNs)),
      order: this.asked++,
      run: action,
    };
    this.push(entry);
    return {
      cancel: () => {
        entry.run = null;
      },
    };
  }

  /** Runs everything up to and including `untilNs`. */
  run(untilNs: number): void {
    for (let events = 0; this.heap.length > 0 && this.heap[0].at <= untilNs; events++) {
      if (events > EVENT_LIMIT)
        throw new RangeError(`the run needs more than ${EVENT_LIMIT} events at ${this.now} ns`);
      const entry = this.pop();
      this.now = entry.at;
      entry.run?.();
    }
    this.now = untilNs;
  }

  private push(entry: Entry): void {
    const heap = this.heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent], entry)) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): Entry {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    if (last && heap.length > 0) this.sink(last);
    return top;
  }

  private sink(entry: Entry): void {
    const heap = this.heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (before(entry, heap[child])) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = entry;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
