/** What ties flows to one another; it stays in memory when the rows of a flow are put away. */
export const Link = {
  /** The flow that this one was joined into (address translation), and 1 where directions swap on the way; -1: none. */
  joined: 0,
  swapped: 1,
  /** Per tap, the flow that now goes by this tuple (a later connection); -1: this one. */
  current0: 2,
  current1: 3,
  /** The flow of the same tuple before this one; -1: none. */
  previous: 4,
  /** The place of the flow's rows; -1: it has none yet; below, where it was put away (see FlowStore). */
  place: 5,
  /** The same connection by another tuple at the same tap, which stands where addresses are translated; -1: none. */
  twin: 7,
  /** Of a flow that was put away: what is asked of every flow, so that it need not be taken out for it. */
  outline: 6,
} as const;

/** `Link.place` of a flow that never had rows. */
export const NOWHERE = -1;

/** `Link.place` of a flow that is put away at a position, and the way back; below NOWHERE all are. */
export const placeOf = (position: number) => NOWHERE - 1 - position;
export const positionOf = placeOf;

/** Numbers kept for each flow. A power of two, so that a flow's links lie in one cache line. */
export const LINK_WORDS = 8;

/** Flows to make room for at first; doubles as they come. */
const INITIAL_FLOWS = 1024;

/** A few whole numbers for every flow that ever was. */
export class Links {
  data = new Int32Array(INITIAL_FLOWS * LINK_WORDS).fill(-1);

  /** Makes room for a flow. */
  ensure(flow: number): void {
    while ((flow + 1) * LINK_WORDS > this.data.length) {
      const larger = new Int32Array(this.data.length * 2).fill(-1, this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
  }

  get(flow: number, link: number): number {
    return this.data[flow * LINK_WORDS + link];
  }

  set(flow: number, link: number, value: number): void {
    this.data[flow * LINK_WORDS + link] = value;
  }
}
