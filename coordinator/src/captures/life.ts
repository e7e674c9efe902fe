import { earlierOf } from '../time.js';
import {
  type Capture,
  type CapturePhase,
  type Fault,
  faultOf,
  hasEnded,
  isOver,
  needsApproval,
  type Tap,
  type TapPhase,
} from './capture.js';

/** What happens to a capture. `nowNs` is the coordinator's clock. */
export type CaptureEvent =
  | { type: 'begin'; nowNs: bigint }
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

export interface Step {
  capture: Capture;
  commands: Command[];
}

/** How long owners may take to be reached and look; nobody captures meanwhile. */
export const CONSENT_MS = 30 * 60_000;
/** Long enough for a filter to compile, a tap to open and a marker to make its round on a busy host. */
export const ARM_MS = 10_000;
/** From "start" to "recording"; the taps are open already. */
export const START_MS = 5_000;
/** How long a packet may be late on the path before it counts as lost: beyond a retransmission time-out. */
export const LEAD_OUT_MS = 1_500;
/** Silence after which a draining tap is given up; each batch that arrives begins it anew. */
export const DRAIN_MS = 10_000;
/** However much still arrives, the report is written after this; a spool of gigabytes takes minutes on a slow line. */
export const GIVE_UP_MS = 10 * 60_000;

/** One step of a capture's life; pure. An event that means nothing in this state changes nothing. */
export function step(capture: Capture, event: CaptureEvent): Step {
  if (isOver(capture.phase))
    return event.type === 'drained' || event.type === 'tap' ? late(capture, event) : same(capture);
  switch (event.type) {
    case 'begin':
      return begin(capture, event.nowNs);
    case 'tap':
      return tapChanged(withTap(capture, event.tapId, { phase: event.phase }), event.nowNs);
    case 'drained':
      return settle(withTap(capture, event.tapId, { drained: true }), event.nowNs);
    case 'offline':
      return offline(capture, event.agent, event.nowNs);
    case 'progress':
      return progress(capture, event.nowNs);
    case 'approve':
      return approve(capture, event.by, event.nowNs);
    case 'stop':
      return stop(capture, event.by, event.nowNs);
    case 'deadline':
      return deadline(capture, event.nowNs);
  }
}

function begin(capture: Capture, nowNs: bigint): Step {
  if (capture.phase.state !== 'requested') return same(capture);
  if (!capture.taps.some(needsApproval)) return arm(capture, nowNs);
  const phase: CapturePhase = { state: 'asking', deadlineNs: nowNs + ms(CONSENT_MS) };
  return { capture: { ...capture, phase }, commands: [] };
}

function approve(capture: Capture, by: string, nowNs: bigint): Step {
  if (capture.phase.state !== 'asking') return same(capture);
  const taps = capture.taps.map(
    (tap): Tap => (needsApproval(tap) && tap.owners?.includes(by) ? { ...tap, approvedBy: by } : tap),
  );
  const approved = { ...capture, taps };
  return taps.some(needsApproval) ? { capture: approved, commands: [] } : arm(approved, nowNs);
}

function arm(capture: Capture, nowNs: bigint): Step {
  const taps = capture.taps.map((tap): Tap => ({ ...tap, phase: { state: 'arming' } }));
  const phase: CapturePhase = { state: 'arming', deadlineNs: nowNs + ms(ARM_MS) };
  return { capture: { ...capture, taps, phase }, commands: taps.map((tap) => ({ do: 'arm', tap })) };
}

function tapChanged(capture: Capture, nowNs: bigint): Step {
  const { state } = capture.phase;
  const faults = capture.taps.flatMap(brokenBy);
  switch (state) {
    case 'arming':
      if (faults.length > 0) return fail(capture, nowNs, merge(faults));
      return capture.taps.every((tap) => tap.phase.state !== 'arming')
        ? start(capture, nowNs)
        : same(capture);
    case 'armed':
      if (faults.length > 0) return fail(capture, nowNs, merge(faults));
      return capture.taps.every((tap) => tap.phase.state !== 'armed')
        ? record(capture, nowNs)
        : same(capture);
    case 'recording':
      // A tap that ends by itself (its packets or time are used up, or it died) ends the capture for all.
      return capture.taps.some((tap) => tap.phase.state !== 'recording')
        ? drain(capture, nowNs)
        : same(capture);
    case 'draining':
      return settle(capture, nowNs);
    default:
      return same(capture);
  }
}

function start(capture: Capture, nowNs: bigint): Step {
  const phase: CapturePhase = { state: 'armed', deadlineNs: nowNs + ms(START_MS) };
  return { capture: { ...capture, phase }, commands: capture.taps.map((tap) => ({ do: 'start', tap })) };
}

function record(capture: Capture, nowNs: bigint): Step {
  const deadlineNs = nowNs + ms(capture.request.durationMs);
  const recording: Capture = { ...capture, phase: { state: 'recording', startedNs: nowNs, deadlineNs } };
  return tapChanged(recording, nowNs);
}

/** Stops every tap that still runs, and waits for what they took. */
function drain(capture: Capture, nowNs: bigint): Step {
  if (capture.phase.state !== 'recording') return same(capture);
  const { startedNs } = capture.phase;
  const draining: Capture = {
    ...capture,
    phase: {
      state: 'draining',
      startedNs,
      deadlineNs: nowNs + ms(LEAD_OUT_MS + DRAIN_MS),
      giveUpNs: nowNs + ms(LEAD_OUT_MS + GIVE_UP_MS),
    },
  };
  const running = capture.taps.filter((tap) => tap.phase.state === 'recording');
  const stops = running.map((tap): Command => ({ do: 'stop', tap, leadOutMs: LEAD_OUT_MS, discard: false }));
  const settled = settle(draining, nowNs);
  return { capture: settled.capture, commands: [...stops, ...settled.commands] };
}

/** Ends a draining capture once every tap has ended and all that they took is here. */
function settle(capture: Capture, nowNs: bigint): Step {
  if (capture.phase.state !== 'draining' || !capture.taps.every(isSettled)) return same(capture);
  return finish(capture, capture.phase.startedNs, nowNs);
}

/** A tap that failed still delivers what it took, so both kinds of end wait for the evidence. */
function isSettled(tap: Tap): boolean {
  return hasEnded(tap.phase) && tap.drained;
}

function finish(capture: Capture, startedNs: bigint, nowNs: bigint): Step {
  const faults = capture.taps.flatMap((tap) => [...brokenBy(tap), ...missingFrom(tap)]);
  const phase: CapturePhase =
    faults.length === 0
      ? { state: 'complete', startedNs, endedNs: nowNs }
      : { state: 'partial', startedNs, endedNs: nowNs, ...merge(faults) };
  return { capture: { ...capture, phase, reported: false }, commands: [{ do: 'finish' }] };
}

/** The fault that an agent reported of its tap, with the agent's name in front where it does not say it itself. */
function brokenBy(tap: Tap): Fault[] {
  const fault = faultOf(tap.phase);
  if (fault === null) return [];
  const named = fault.reason.includes(tap.agent) ? fault.reason : `${tap.agent}: ${fault.reason}`;
  return [{ code: fault.code, reason: named }];
}

function missingFrom(tap: Tap): Fault[] {
  if (isSettled(tap)) return [];
  const reason = `${tap.agent} did not deliver the rest of its packets: the report covers what had arrived`;
  return [{ code: 'unavailable', reason }];
}

function merge(faults: readonly Fault[]): Fault {
  return { code: faults[0].code, reason: faults.map((fault) => fault.reason).join('; ') };
}

/** Nobody starts: what is armed is thrown away. */
function fail(capture: Capture, nowNs: bigint, fault: Fault): Step {
  const others = capture.taps.filter((tap) => !hasEnded(tap.phase));
  const commands = others.map((tap): Command => ({ do: 'stop', tap, leadOutMs: 0, discard: true }));
  return { capture: { ...capture, phase: { state: 'failed', endedNs: nowNs, ...fault } }, commands };
}

function offline(capture: Capture, agent: string, nowNs: bigint): Step {
  const { state } = capture.phase;
  const concerned = capture.taps.some((tap) => tap.agent === agent && !hasEnded(tap.phase));
  if (!concerned || (state !== 'arming' && state !== 'armed')) return same(capture);
  return fail(capture, nowNs, {
    code: 'unavailable',
    reason: `${agent} went offline before the capture was recording, so nobody started: see "bothends agents"`,
  });
}

function progress(capture: Capture, nowNs: bigint): Step {
  if (capture.phase.state !== 'draining') return same(capture);
  const deadlineNs = earlierOf(nowNs + ms(DRAIN_MS), capture.phase.giveUpNs);
  if (deadlineNs <= capture.phase.deadlineNs) return same(capture);
  return { capture: { ...capture, phase: { ...capture.phase, deadlineNs } }, commands: [] };
}

function stop(capture: Capture, by: string, nowNs: bigint): Step {
  if (capture.phase.state === 'recording') return drain(capture, nowNs);
  if (capture.phase.state === 'draining') return same(capture);
  return fail(capture, nowNs, { code: 'cancelled', reason: `${by} stopped it before it was recording` });
}

function deadline(capture: Capture, nowNs: bigint): Step {
  const { phase } = capture;
  if (!('deadlineNs' in phase) || nowNs < phase.deadlineNs) return same(capture);
  if (phase.state === 'recording') return drain(capture, nowNs);
  if (phase.state === 'draining') return finish(capture, phase.startedNs, nowNs);
  if (phase.state === 'asking') return fail(capture, nowNs, unapproved(capture.taps.filter(needsApproval)));
  const waited = phase.state === 'arming' ? ARM_MS : START_MS;
  const silent = capture.taps.filter((tap) => tap.phase.state === phase.state).map((tap) => tap.agent);
  const step = phase.state === 'arming' ? 'armed' : 'recording';
  return fail(capture, nowNs, {
    code: 'unavailable',
    reason: `${silent.join(' and ')} was not ${step} after ${waited / 1000} s, so nobody started: look at its agent's log`,
  });
}

function unapproved(taps: readonly Tap[]): Fault {
  const asked = taps.map(({ agent, owners = [] }) => `${agent} (its owners: ${owners.join(', ')})`);
  return {
    code: 'permission-denied',
    reason: `nobody approved it within ${CONSENT_MS / 60_000} min for ${asked.join(' and ')}: ask them, and start it again`,
  };
}

/** Evidence that comes after the end makes a partial capture more complete; its report is written again. */
function late(capture: Capture, event: CaptureEvent & { type: 'drained' | 'tap' }): Step {
  if (capture.phase.state !== 'partial') return same(capture);
  const change = event.type === 'drained' ? { drained: true } : { phase: event.phase };
  const changed = withTap(capture, event.tapId, change);
  if (!changed.taps.every(isSettled)) return { capture: changed, commands: [] };
  const { startedNs, endedNs } = capture.phase;
  return finish(changed, startedNs, endedNs);
}

function withTap(capture: Capture, tapId: string, change: Partial<Tap>): Capture {
  return { ...capture, taps: capture.taps.map((tap) => (tap.id === tapId ? { ...tap, ...change } : tap)) };
}

function same(capture: Capture): Step {
  return { capture, commands: [] };
}

function ms(duration: number): bigint {
  return BigInt(duration) * 1_000_000n;
}
