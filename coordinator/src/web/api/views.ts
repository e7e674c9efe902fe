import { formatInstant } from '@bothends/proto';
import { type Agent, BothendsService, type TapStatus } from '@bothends/proto/gen/bothends/v1/bothends';
import { type Capture, extrasOf, needsApproval } from '../../captures/capture.js';
import { captureState, type StateSources } from '../../serve/messages.js';
import { mayCall } from '../../trust/access.js';
import type { AgentView, CaptureView, SessionView, TapView } from '../page/api-types.js';
import type { Session } from '../sign-in/sessions.js';

/** Messages of the gRPC contract as JSON: its 64-bit numbers are far below 2^53, its times become instants. */

export async function captureView(capture: Capture, sources: StateSources): Promise<CaptureView> {
  const state = await captureState(capture, sources);
  return {
    id: state.id,
    name: state.name,
    state: state.state,
    reason: state.reason,
    filter: state.filter,
    requestedBy: state.requestedBy,
    extras: extrasOf(capture.request),
    requestedAt: formatInstant(state.requestedNs),
    startedAt: instantOrNull(state.startedNs),
    endedAt: instantOrNull(state.endedNs),
    headline: state.headline,
    taps: state.taps.map((tap, i) => tapView(tap, ownersAsked(capture, i))),
  };
}

function tapView(tap: TapStatus, waitsFor: string[]): TapView {
  return {
    agent: tap.agent,
    role: tap.role,
    state: tap.state,
    reason: tap.reason,
    packets: Number(tap.packets),
    kernelDrops: tap.kernelDrops === undefined ? null : Number(tap.kernelDrops),
    agentDrops: Number(tap.agentDrops),
    online: tap.online,
    waitsFor,
  };
}

function ownersAsked({ phase, taps }: Capture, i: number): string[] {
  const tap = taps[i];
  return phase.state === 'asking' && tap !== undefined && needsApproval(tap) ? (tap.owners ?? []) : [];
}

export function agentView(agent: Agent): AgentView {
  return {
    name: agent.name,
    online: agent.online,
    version: agent.version,
    interfaces: agent.interfaces,
    clockOffsetNs: agent.clockOffsetNs === undefined ? null : Number(agent.clockOffsetNs),
    clockErrorNs: agent.clockErrorNs === undefined ? null : Number(agent.clockErrorNs),
  };
}

export function sessionView({ user: { name, role, own }, csrf, expiresNs }: Session): SessionView {
  const mayOperate = mayCall(BothendsService.startCapture.path, role);
  return { name, role, csrf, expiresAt: formatInstant(expiresNs), mayOperate, isOwn: own };
}

function instantOrNull(ns: bigint): string | null {
  return ns === 0n ? null : formatInstant(ns);
}
