import type { Scheduler, Timer } from '../scheduler.js';
import { INITIAL_WINDOW, RTO_MAX_NS, RTO_MIN_NS } from './settings.js';

/** One segment as the sender hands it to its connection. Offsets count from the ISN: data starts at 1. */
export interface Outgoing {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly fin: boolean;
  readonly push: boolean;
}

interface InFlight extends Outgoing {
  readonly end: number;
  sentAt: number;
  resent: boolean;
  sacked: boolean;
}

/** Segments in flight never exceed this, so that a bulk transfer stays a few hundred packets. */
const CONGESTION_LIMIT = 64;
/** Duplicate ACKs that start fast retransmission (RFC 5681). */
const DUPLICATE_ACKS = 3;

/** The sending half of a connection: congestion window, retransmission, window probes. */
export class Sender {
  /** First unacknowledged offset, and the next to send. */
  una = 1;
  next = 1;
  peerWindow = 0xffff;
  mss: number;
  private readonly scheduler: Scheduler;
  private readonly emit: (burst: readonly Outgoing[]) => void;
  private readonly probe: () => void;
  private buffer = new Uint8Array(0);
  private finish = false;
  private readonly flight: InFlight[] = [];
  private window: number;
  private duplicates = 0;
  /** End of what was outstanding when recovery began; null outside recovery. */
  private recovery: number | null = null;
  private rto = RTO_MIN_NS;
  private smoothed = 0;
  private timer: Timer | null = null;

  constructor(
    scheduler: Scheduler,
    mss: number,
    emit: (burst: readonly Outgoing[]) => void,
    probe: () => void,
  ) {
    this.scheduler = scheduler;
    this.mss = mss;
    this.emit = emit;
    this.probe = probe;
    this.window = INITIAL_WINDOW;
  }

  /** Everything written and, where asked for, the FIN have been acknowledged. */
  get idle(): boolean {
    return this.una === this.endOfStream();
  }

  get finAcknowledged(): boolean {
    return this.finish && this.idle;
  }

  get finSent(): boolean {
    return this.finish && this.next === this.endOfStream();
  }

  write(data: Uint8Array): void {
    const grown = new Uint8Array(this.buffer.length + data.length);
    grown.set(this.buffer);
    grown.set(data, this.buffer.length);
    this.buffer = grown;
    this.pump();
  }

  /** No more data will be written: a FIN follows what is there. */
  end(): void {
    this.finish = true;
    this.pump();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Takes an acknowledgment. `pure`: without data, so that it may count as a duplicate. */
  acknowledge(
    ack: number,
    window: number,
    pure: boolean,
    sack: readonly (readonly [number, number])[],
  ): void {
    const opened = window > this.peerWindow;
    this.peerWindow = window;
    for (const segment of this.flight) {
      if (sack.some(([left, right]) => left <= segment.offset && segment.end <= right)) segment.sacked = true;
    }
    if (ack > this.una) this.advance(ack);
    else if (ack === this.una && pure && this.flight.length > 0 && !opened) this.duplicate();
    this.pump();
  }

  private endOfStream(): number {
    return 1 + this.buffer.length + (this.finish ? 1 : 0);
  }

  private advance(ack: number): void {
    let newest: InFlight | null = null;
    while (this.flight.length > 0 && this.flight[0].end <= ack) newest = this.flight.shift() ?? null;
    if (newest && !newest.resent) this.measure(this.scheduler.now - newest.sentAt);
    this.una = ack;
    this.duplicates = 0;
    this.window = Math.min(this.window + 1, CONGESTION_LIMIT);
    if (this.recovery !== null && ack >= this.recovery) this.recovery = null;
    else if (this.recovery !== null) this.resendFirstHole();
    this.rearm();
  }

  private duplicate(): void {
    this.duplicates++;
    if (this.duplicates !== DUPLICATE_ACKS || this.recovery !== null) return;
    this.recovery = this.next;
    this.window = Math.max(2, this.window >> 1);
    this.resendFirstHole();
  }

  private resendFirstHole(): void {
    const hole = this.flight.find((segment) => !segment.sacked);
    if (hole) this.resend(hole);
  }

  private resend(segment: InFlight): void {
    segment.resent = true;
    segment.sentAt = this.scheduler.now;
    this.emit([segment]);
  }

  /** Sends what the windows allow, as one burst. */
  private pump(): void {
    const burst: InFlight[] = [];
    const limit = this.una + Math.min(this.window * this.mss, this.peerWindow);
    const dataEnd = 1 + this.buffer.length;
    while (this.next < dataEnd && this.next < limit) {
      const end = Math.min(this.next + this.mss, dataEnd);
      // Silly window avoidance (RFC 9293, 3.8.6.2.1): no part of a segment while others are in flight.
      if (end > limit) break;
      burst.push(this.segment(this.next, end, this.finish && end === dataEnd));
    }
    if (this.finish && this.next === dataEnd) burst.push(this.segment(dataEnd, dataEnd, true));
    if (burst.length > 0) {
      this.flight.push(...burst);
      this.emit(burst);
    }
    if (this.timer === null) this.rearm();
  }

  private segment(from: number, to: number, fin: boolean): InFlight {
    const end = to + (fin ? 1 : 0);
    this.next = end;
    const data = this.buffer.subarray(from - 1, to - 1);
    const push = to === 1 + this.buffer.length;
    return { offset: from, data, fin, push, end, sentAt: this.scheduler.now, resent: false, sacked: false };
  }

  private measure(rtt: number): void {
    this.smoothed = this.smoothed === 0 ? rtt : (7 * this.smoothed + rtt) / 8;
    this.rto = Math.max(RTO_MIN_NS, RTO_MIN_NS + this.smoothed);
  }

  private rearm(): void {
    this.stop();
    const blocked = this.peerWindow === 0 && this.next < 1 + this.buffer.length;
    if (this.flight.length > 0) this.timer = this.scheduler.after(this.rto, () => this.expire());
    else if (blocked) this.timer = this.scheduler.after(this.rto, () => this.persist());
  }

  private expire(): void {
    this.rto = Math.min(this.rto * 2, RTO_MAX_NS);
    this.window = 1;
    this.recovery = this.next;
    this.resendFirstHole();
    this.rearm();
  }

  private persist(): void {
    this.rto = Math.min(this.rto * 2, RTO_MAX_NS);
    this.probe();
    this.rearm();
  }
}
