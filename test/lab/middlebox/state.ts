import { type Frame, flagsOf, parseFrame } from './frame.js';
import type { Toward } from './rules.js';

/** The last packet of a conversation in one direction: what its RST is modelled on. */
export interface Latest {
  readonly frame: Frame;
  readonly toward: Toward;
}

interface Entry {
  lastSeenMs: number;
  expired: boolean;
  readonly latest: Map<Toward, Latest>;
}

const SYN = 2;
const ACK = 16;

/** The connection table of a stateful device: entries go after `idleMs` without a packet. */
export class StateTable {
  private readonly idleMs: number;
  private readonly entries = new Map<string, Entry>();

  constructor(idleMs: number) {
    this.idleMs = idleMs;
  }

  /** True when the packet opens a conversation or belongs to one that is remembered. */
  passes(conversation: string, frame: Frame, toward: Toward, nowMs: number): boolean {
    const opens = (flagsOf(frame) & (SYN | ACK)) === SYN;
    let entry = this.entries.get(conversation);
    if (opens || !entry) {
      if (!opens) return false;
      entry = { lastSeenMs: nowMs, expired: false, latest: new Map() };
      this.entries.set(conversation, entry);
    }
    if (entry.expired || nowMs - entry.lastSeenMs > this.idleMs) {
      entry.expired = true;
      return false;
    }
    entry.lastSeenMs = nowMs;
    const copy = parseFrame(frame.bytes.slice());
    if (copy) entry.latest.set(toward, { frame: copy, toward });
    return true;
  }

  /** The latest packets of each conversation that expires now; each is told once. */
  expired(nowMs: number): Latest[][] {
    const due = [...this.entries.values()].filter(
      (entry) => !entry.expired && nowMs - entry.lastSeenMs > this.idleMs,
    );
    for (const entry of due) entry.expired = true;
    return due.map((entry) => [...entry.latest.values()]);
  }
}
