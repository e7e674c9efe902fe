import type { Agent, CaptureState, TapStatus } from '@bothends/proto/gen/bothends/v1/bothends';
import { type Capture, faultOf, type Tap, tapName, timesOf } from '../captures/capture.js';
import type { Captures } from '../captures/captures.js';
import type { AgentView, Fleet } from '../fleet/fleet.js';
import type { Ingest } from '../ingest/ingest.js';

export interface StateSources {
  captures: Captures;
  fleet: Fleet;
  ingest: Ingest;
}

/** A capture as clients see it. */
export async function captureState(capture: Capture, sources: StateSources): Promise<CaptureState> {
  const fault = faultOf(capture.phase);
  const { startedNs, endedNs } = timesOf(capture.phase);
  return {
    id: capture.id,
    name: capture.name,
    state: capture.phase.state,
    reason: fault?.reason ?? '',
    code: fault?.code ?? '',
    filter: capture.request.filter,
    taps: await Promise.all(capture.taps.map(async (tap) => await tapStatus(tap, sources))),
    requestedNs: capture.requestedNs,
    startedNs: startedNs ?? 0n,
    endedNs: endedNs ?? 0n,
    requestedBy: capture.request.requestedBy,
    headline: capture.headline,
    clearNames: capture.request.clearNames,
    keepRaw: capture.request.keepRaw,
  };
}

async function tapStatus(tap: Tap, { captures, fleet, ingest }: StateSources): Promise<TapStatus> {
  const totals = await ingest.totals(tap.id);
  const progress = captures.progressOf(tap.id);
  return {
    tapId: tap.id,
    agent: tapName(tap),
    role: tap.role,
    state: tap.phase.state,
    reason: faultOf(tap.phase)?.reason ?? totals.trouble,
    // What the agent counted last may be behind what it shipped since.
    packets: progress !== null && progress.packets > totals.packets ? progress.packets : totals.packets,
    kernelDrops: progress?.kernelDrops,
    agentDrops: progress?.agentDrops ?? 0n,
    committedSequence: totals.sequence,
    online: fleet.view(tap.agent)?.online ?? false,
  };
}

/** An agent as clients see it. */
export function agentMessage(view: AgentView): Agent {
  const { hello, clock } = view;
  return {
    name: view.name,
    online: view.online,
    version: hello?.version ?? '',
    hostname: hello?.hostname ?? '',
    platform: hello?.platform ?? '',
    interfaces: hello?.interfaces.map(({ name }) => name) ?? [],
    backEnds: hello?.backEnds.filter(({ available }) => available).map(({ name }) => name) ?? [],
    clockOffsetNs: clock?.offsetNs,
    clockErrorNs: clock === null ? undefined : BigInt(Math.ceil(clock.errorNs)),
    lastSeenNs: view.lastSeenNs,
    limits: hello?.limits ?? [],
    interfaceStates: hello?.interfaces ?? [],
    rssBytes: view.rssBytes,
    host: hello?.host,
  };
}
