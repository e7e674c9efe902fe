import type { Capture, Tap, TapPhase } from '../capture.js';

/** What happens to a capture. `nowNs` is the coordinator's clock. */
export type CaptureEvent =
  | { type: 'begin'; nowNs: bigint }
  /** The coordinator was restarted, and found the capture in its store. */
  | { type: 'resume'; nowNs: bigint }
  | { type: 'tap'; tapId: string; phase: TapPhase; nowNs: bigint }
  /** All evidence of the tap is committed. */
  | { type: 'drained'; tapId: string; nowNs: bigint }
  /** The stream to the agent broke. Fatal before the recording; after it the agent may come back. */
  | { type: 'offline'; agent: string; nowNs: bigint }
  /** Evidence still arrives. */
  | { type: 'progress'; nowNs: bigint }
  /** An owner consents for every host that is theirs. */
  | { type: 'approve'; by: string; nowNs: bigint }
  | { type: 'stop'; by: string; nowNs: bigint }
  | { type: 'deadline'; nowNs: bigint };

/** What is to be done about it, in this order, after the new state is on disk. */
export type Command =
  | { do: 'arm'; tap: Tap }
  | { do: 'start'; tap: Tap }
  | { do: 'stop'; tap: Tap; leadOutMs: number; discard: boolean }
  /** The capture is over: write the report. */
  | { do: 'finish' };

/** The state after an event, and what is to be done about it. */
export interface Step {
  capture: Capture;
  commands: Command[];
}

/** The step of an event that means nothing here. */
export function same(capture: Capture): Step {
  return { capture, commands: [] };
}

/** The capture with a change to one of its taps. */
export function withTap(capture: Capture, tapId: string, change: Partial<Tap>): Capture {
  return { ...capture, taps: capture.taps.map((tap) => (tap.id === tapId ? { ...tap, ...change } : tap)) };
}
