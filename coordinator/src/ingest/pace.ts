/** Looking for news takes at most a fifth of the time: what took 40 ms is followed by 160 ms for the packets. */
const REST_FACTOR = 4;
/**
 * Captures that share the thread also rest for one another, but not so long that a finding takes more than a
 * second to be reported.
 */
const LONGEST_SHARED_REST_NS = 400_000_000n;

/** How often live captures look at what their evidence says: together they leave the thread to the packets. */
export class Pace {
  #live = 0;

  /** One more capture looks, until the returned function is called. */
  join(): () => void {
    this.#live++;
    let left = false;
    return () => {
      if (!left) this.#live--;
      left = true;
    };
  }

  /** How long a capture rests after a look that took so long, ns. */
  restNs(tookNs: bigint): bigint {
    const own = tookNs * BigInt(REST_FACTOR);
    const shared = own * BigInt(this.#live);
    const bounded = shared < LONGEST_SHARED_REST_NS ? shared : LONGEST_SHARED_REST_NS;
    return own > bounded ? own : bounded;
  }
}
