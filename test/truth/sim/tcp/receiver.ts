interface Range {
  readonly start: number;
  readonly end: number;
}

/** Blocks that fit beside a time-stamp option (RFC 2018). */
const SACK_BLOCKS = 3;

export type Arrival = 'in-order' | 'out-of-order' | 'old';

/** The receiving half of a connection: reassembly by offset from the peer's ISN, and the window. */
export class Receiver {
  /** Next offset expected; the SYN took 0. */
  next = 1;
  /** Bytes in order that the application has not read. */
  unread = 0;
  /** Whether the application reads what comes. */
  reading = true;
  private readonly buffer: number;
  private readonly segment: number;
  private pending: Range[] = [];
  private finAt: number | null = null;

  /** `segment`: free room below this is advertised as none (RFC 9293, 3.8.6.2.2). Both in bytes. */
  constructor(buffer: number, segment: number) {
    this.buffer = buffer;
    this.segment = segment;
  }

  get window(): number {
    const free = this.buffer - this.unread;
    return free < this.segment ? 0 : free;
  }

  /** Everything up to and including the peer's FIN has come. */
  get finished(): boolean {
    return this.finAt !== null && this.next > this.finAt;
  }

  /** Takes a segment; `delivered` counts the bytes that came into order with it. */
  accept(offset: number, length: number, fin: boolean): { arrival: Arrival; delivered: number } {
    const end = offset + length + (fin ? 1 : 0);
    if (fin) this.finAt = offset + length;
    if (end <= this.next) return { arrival: 'old', delivered: 0 };
    if (offset > this.next) {
      this.hold({ start: offset, end });
      return { arrival: 'out-of-order', delivered: 0 };
    }
    const before = this.next;
    this.next = end;
    this.absorb();
    const delivered = this.next - before - (this.finished ? 1 : 0);
    if (!this.reading) this.unread += delivered;
    return { arrival: 'in-order', delivered };
  }

  /** Offsets of what is held beyond a hole, newest first. */
  get sackBlocks(): readonly (readonly [number, number])[] {
    return this.pending.slice(0, SACK_BLOCKS).map((range) => [range.start, range.end] as const);
  }

  get holes(): boolean {
    return this.pending.length > 0;
  }

  private hold(range: Range): void {
    let { start, end } = range;
    const apart: Range[] = [];
    for (const held of this.pending) {
      if (held.end < start || held.start > end) apart.push(held);
      else {
        start = Math.min(start, held.start);
        end = Math.max(end, held.end);
      }
    }
    this.pending = [{ start, end }, ...apart];
  }

  private absorb(): void {
    for (;;) {
      const index = this.pending.findIndex((range) => range.start <= this.next);
      if (index < 0) return;
      this.next = Math.max(this.next, this.pending[index].end);
      this.pending.splice(index, 1);
    }
  }
}
