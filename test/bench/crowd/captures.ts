import type { Report } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import { call } from './call.js';
import { type BenchCoordinator, until } from './coordinator.js';

/** A loaded two-core machine arms fifty taps in some seconds, and takes minutes to none of this. */
const TIMEOUT_MS = 60_000;

/** Starts a capture of `client-N` and `server-N`; returns its id. */
export async function start({ client }: BenchCoordinator, index: number): Promise<string> {
  const request = {
    ...{ client: `client-${index}`, server: `server-${index}`, filter: '', name: `crowd-${index}` },
    ...{ interface: '', snaplen: 0, durationMs: 0n, maxPackets: 0n, backEnd: '', port: 0 },
    ...{ noMarker: true, until: '' },
  };
  return (await call<{ captureId: string }>((done) => client.startCapture(request, done))).captureId;
}

/** Every capture as it stands. */
export async function states({ client }: BenchCoordinator): Promise<CaptureState[]> {
  return (await call<{ captures: CaptureState[] }>((done) => client.listCaptures({}, done))).captures;
}

/** Returns when every capture is in one of these states. Throws when one has failed. */
export async function reached(
  coordinator: BenchCoordinator,
  ids: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  await until(wanted.join(' or '), TIMEOUT_MS, async () => {
    const all = (await states(coordinator)).filter(({ id }) => ids.includes(id));
    const failed = all.find(({ state }) => state === 'failed');
    if (failed) throw new Error(`${failed.name} failed: ${failed.reason}`);
    return all.every(({ state }) => wanted.includes(state));
  });
}

/** Returns when so many agents are connected. */
export async function online({ client }: BenchCoordinator, count: number): Promise<void> {
  await until('agents connected', TIMEOUT_MS, async () => {
    const { agents } = await call<{ agents: { online: boolean }[] }>((done) => client.listAgents({}, done));
    return agents.filter((agent) => agent.online).length >= count;
  });
}

/** The report of a capture as it stands. */
export async function report({ client }: BenchCoordinator, captureId: string): Promise<Report> {
  const answer = await call<{ reportJson: string }>((done) => client.getReport({ captureId }, done));
  return JSON.parse(answer.reportJson) as Report;
}

/** Packets of both taps in the reports of these captures. */
export async function packetsOf(coordinator: BenchCoordinator, ids: readonly string[]): Promise<number> {
  let packets = 0;
  for (const id of ids) for (const tap of (await report(coordinator, id)).taps) packets += tap.packets;
  return packets;
}
