/** Bytes [begin, end) of a direction that its sender skipped, and when a tap saw that, ns. */
interface Hole {
  begin: number;
  end: number;
  time: number;
}

/** Holes kept per side: a burst shuffled by its tap opens several at once, more only mean that the tap misses packets. */
const HOLE_LIMIT = 8;

/** A hole this old is given up (a packet that the tap missed is never sent again): Linux's first RTOs are 0.2 to 3 s. */
const PATIENCE_NS = 3_000_000_000;

/** Ranges of bytes skipped and not filled yet, by the number of their side; most sides have none. */
export class Holes {
  private readonly open = new Map<number, Hole[]>();

  skip(side: number, begin: number, end: number, time: number): void {
    const holes = this.open.get(side);
    if (!holes) {
      this.open.set(side, [{ begin, end, time }]);
      return;
    }
    while (holes[0] && time - holes[0].time > PATIENCE_NS) holes.shift();
    if (holes.length < HOLE_LIMIT) holes.push({ begin, end, time });
  }

  /**
   * Fills bytes [begin, end), which came after all. Returns the age of the oldest hole that they fill, ns; null
   * when they fill none.
   */
  fill(side: number, begin: number, end: number, time: number): number | null {
    const holes = this.open.get(side);
    if (!holes) return null;
    let age: number | null = null;
    for (let i = holes.length - 1; i >= 0; i--) {
      const hole = holes[i] as Hole;
      if (begin >= hole.end || end <= hole.begin) continue;
      age = Math.max(age ?? 0, time - hole.time);
      holes.splice(i, 1, ...without(hole, begin, end));
    }
    if (holes.length === 0) this.open.delete(side);
    return age;
  }
}

/** What is left of a hole. */
function without(hole: Hole, begin: number, end: number): Hole[] {
  const left: Hole[] = [];
  if (hole.begin < begin) left.push({ ...hole, end: begin });
  if (end < hole.end) left.push({ ...hole, begin: end });
  return left;
}
