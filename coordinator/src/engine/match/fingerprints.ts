/**
 * Places for fingerprints of packets that wait for their partner. Two that fall on one place push each other out;
 * with a few thousand waiting that is rare, and costs a join but never makes a false one.
 */
const PLACES = 65_536;

/** Remembers where a fingerprint was seen; fixed size, no object per entry. */
export class Fingerprints {
  private readonly prints = new Uint32Array(PLACES);
  private readonly owners = new Int32Array(PLACES).fill(-1);

  set(print: number, owner: number): void {
    const place = print & (PLACES - 1);
    this.prints[place] = print;
    this.owners[place] = owner;
  }

  /** The owner that was set last for a print, -1 when there is none (any more). */
  get(print: number): number {
    const place = print & (PLACES - 1);
    return this.prints[place] === print ? this.owners[place] : -1;
  }
}
