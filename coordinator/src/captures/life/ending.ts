import { earlierOf, nsOf } from '@bothends/proto';
import { type Capture, type CapturePhase, type Fault, faultOf, hasEnded, type Tap } from '../capture.js';
import { type CaptureEvent, type Command, type Step, same, withTap } from './step.js';
import { DRAIN_MS, GIVE_UP_MS, LEAD_OUT_MS } from './waits.js';

/** Stops every tap that still runs, and waits `patienceMs` beyond the lead-out for what they took. */
export function drain(capture: Capture, nowNs: bigint, patienceMs: number = DRAIN_MS): Step {
  if (capture.phase.state !== 'recording') return same(capture);
  const { startedNs } = capture.phase;
  const draining: Capture = {
    ...capture,
    phase: {
      state: 'draining',
      startedNs,
      deadlineNs: nowNs + nsOf(LEAD_OUT_MS + patienceMs),
      giveUpNs: nowNs + nsOf(LEAD_OUT_MS + GIVE_UP_MS),
    },
  };
  const running = capture.taps.filter((tap) => tap.phase.state === 'recording');
  const stops = running.map((tap): Command => ({ do: 'stop', tap, leadOutMs: LEAD_OUT_MS, discard: false }));
  const settled = settle(draining, nowNs);
  return { capture: settled.capture, commands: [...stops, ...settled.commands] };
}

/** Evidence still arrives: a draining capture waits longer, within its bounds. */
export function progress(capture: Capture, nowNs: bigint): Step {
  if (capture.phase.state !== 'draining') return same(capture);
  const deadlineNs = earlierOf(nowNs + nsOf(DRAIN_MS), capture.phase.giveUpNs);
  if (deadlineNs <= capture.phase.deadlineNs) return same(capture);
  return { capture: { ...capture, phase: { ...capture.phase, deadlineNs } }, commands: [] };
}

/** Ends a draining capture once every tap has ended and all that they took is here. */
export function settle(capture: Capture, nowNs: bigint): Step {
  if (capture.phase.state !== 'draining' || !capture.taps.every(isSettled)) return same(capture);
  return finish(capture, capture.phase.startedNs, nowNs);
}

/** A tap that failed still delivers what it took, so both kinds of end wait for the evidence. */
function isSettled(tap: Tap): boolean {
  return hasEnded(tap.phase) && tap.drained;
}

/** Over, with what is here. */
export function finish(capture: Capture, startedNs: bigint, nowNs: bigint): Step {
  const faults = capture.taps.flatMap((tap) => [...brokenBy(tap), ...missingFrom(tap)]);
  const phase: CapturePhase =
    faults.length === 0
      ? { state: 'complete', startedNs, endedNs: nowNs }
      : { state: 'partial', startedNs, endedNs: nowNs, ...merge(faults) };
  return { capture: { ...capture, phase, reported: false }, commands: [{ do: 'finish' }] };
}

/** The fault that an agent reported of its tap, with the agent's name in front where it does not say it itself. */
export function brokenBy(tap: Tap): Fault[] {
  const fault = faultOf(tap.phase);
  if (fault === null) return [];
  const named = fault.reason.includes(tap.agent) ? fault.reason : `${tap.agent}: ${fault.reason}`;
  return [{ code: fault.code, reason: named }];
}

/** With its last batch a tap has delivered all, whether or not its agent could still say that it has ended. */
function missingFrom(tap: Tap): Fault[] {
  if (tap.drained) return [];
  const reason = `${tap.agent} did not deliver the rest of its packets: the report covers what had arrived`;
  return [{ code: 'unavailable', reason }];
}

/** Several faults as one; there is at least one. */
export function merge(faults: readonly Fault[]): Fault {
  return { code: faults[0].code, reason: faults.map((fault) => fault.reason).join('; ') };
}

/** Nobody starts: what is armed is thrown away. */
export function fail(capture: Capture, nowNs: bigint, fault: Fault): Step {
  const others = capture.taps.filter((tap) => !hasEnded(tap.phase));
  const commands = others.map((tap): Command => ({ do: 'stop', tap, leadOutMs: 0, discard: true }));
  return { capture: { ...capture, phase: { state: 'failed', endedNs: nowNs, ...fault } }, commands };
}

/** Evidence that comes after the end makes a partial capture more complete; its report is written again. */
export function late(capture: Capture, event: CaptureEvent & { type: 'drained' | 'tap' }): Step {
  if (capture.phase.state !== 'partial') return same(capture);
  const change = event.type === 'drained' ? { drained: true } : { phase: event.phase };
  const changed = withTap(capture, event.tapId, change);
  if (!changed.taps.every(isSettled)) return { capture: changed, commands: [] };
  const { startedNs, endedNs } = capture.phase;
  return finish(changed, startedNs, endedNs);
}
