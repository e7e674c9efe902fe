import { nsOf } from '@bothends/proto';
import {
  type Capture,
  type CapturePhase,
  type Fault,
  hasEnded,
  isOver,
  needsApproval,
  type Tap,
} from '../capture.js';
import { brokenBy, drain, fail, finish, late, merge, progress, settle } from './ending.js';
import { type CaptureEvent, type Step, same, withTap } from './step.js';
import { ARM_MS, CONSENT_MS, GIVE_UP_MS, RETURN_MS, START_MS } from './waits.js';

/** One step of a capture's life; pure. An event that means nothing in this state changes nothing. */
export function step(capture: Capture, event: CaptureEvent): Step {
  if (isOver(capture.phase))
    return event.type === 'drained' || event.type === 'tap' ? late(capture, event) : same(capture);
  switch (event.type) {
    case 'begin':
      return begin(capture, event.nowNs);
    case 'resume':
      return resume(capture, event.nowNs);
    case 'tap':
      return tapChanged(withTap(capture, event.tapId, { phase: event.phase }), event.tapId, event.nowNs);
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
  const phase: CapturePhase = { state: 'asking', deadlineNs: nowNs + nsOf(CONSENT_MS) };
  return { capture: { ...capture, phase }, commands: [] };
}

/**
 * Every order is given after its state is on disk. So agents are at most one step ahead of the store, and say so
 * when they are back; until then they are waited for.
 */
function resume(capture: Capture, nowNs: bigint): Step {
  const { phase } = capture;
  const deadlineNs = nowNs + nsOf(RETURN_MS);
  switch (phase.state) {
    case 'requested':
      return stop(capture, 'the restart of the coordinator', nowNs);
    case 'arming':
    case 'armed':
      return same({ ...capture, phase: { ...phase, deadlineNs } });
    case 'recording':
      return nowNs < phase.deadlineNs ? same(capture) : drain(capture, nowNs, RETURN_MS);
    case 'draining':
      return same({ ...capture, phase: { ...phase, deadlineNs, giveUpNs: nowNs + nsOf(GIVE_UP_MS) } });
    default:
      return same(capture);
  }
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
  const phase: CapturePhase = { state: 'arming', deadlineNs: nowNs + nsOf(ARM_MS) };
  return { capture: { ...capture, taps, phase }, commands: taps.map((tap) => ({ do: 'arm', tap })) };
}

function tapChanged(capture: Capture, tapId: string, nowNs: bigint): Step {
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
        : startAgain(capture, tapId);
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
  const phase: CapturePhase = { state: 'armed', deadlineNs: nowNs + nsOf(START_MS) };
  return { capture: { ...capture, phase }, commands: capture.taps.map((tap) => ({ do: 'start', tap })) };
}

/** A tap that says "armed" once more, on a new link, did not hear that it was started. */
function startAgain(capture: Capture, tapId: string): Step {
  const deaf = capture.taps.filter((tap) => tap.id === tapId && tap.phase.state === 'armed');
  return { capture, commands: deaf.map((tap) => ({ do: 'start', tap })) };
}

function record(capture: Capture, nowNs: bigint): Step {
  const deadlineNs = nowNs + nsOf(capture.request.durationMs);
  const recording: Capture = { ...capture, phase: { state: 'recording', startedNs: nowNs, deadlineNs } };
  const ended = recording.taps.some((tap) => tap.phase.state !== 'recording');
  return ended ? drain(recording, nowNs) : same(recording);
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
  const silent = capture.taps.filter((tap) => tap.phase.state === phase.state).map((tap) => tap.agent);
  const step = phase.state === 'arming' ? 'armed' : 'recording';
  return fail(capture, nowNs, {
    code: 'unavailable',
    reason: `${silent.join(' and ')} was not ${step} in time, so nobody started: look at its agent's log`,
  });
}

function unapproved(taps: readonly Tap[]): Fault {
  const asked = taps.map(({ agent, owners = [] }) => `${agent} (its owners: ${owners.join(', ')})`);
  return {
    code: 'permission-denied',
    reason: `nobody approved it within ${CONSENT_MS / 60_000} min for ${asked.join(' and ')}: ask them, and start it again`,
  };
}
