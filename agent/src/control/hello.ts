import type { BackEnd, Hello } from '@bothends/proto/gen/bothends/v1/agent';
import type { ProbedBackEnd } from '../capture/registry.js';
import type { Host } from './host.js';

/** Version of the control protocol that this agent speaks. */
export const PROTOCOL = 1;

/** What an agent says first on a new link; interfaces as they are now. */
export function makeHello(
  version: string,
  host: Host,
  probed: readonly ProbedBackEnd[],
  tapIds: readonly string[],
): Hello {
  const live = probed.filter(({ source }) => source.name !== 'pcapfile');
  return {
    version,
    protocol: PROTOCOL,
    hostname: host.hostname,
    bootId: host.bootId,
    platform: host.platform,
    backEnds: live.map(toBackEnd),
    interfaces: host.interfaces(),
    tapIds: [...tapIds],
    limits: limitsOf(live),
  };
}

function toBackEnd({ source, available, reason, version }: ProbedBackEnd): BackEnd {
  return { name: source.name, available, reason, version };
}

/** What cannot be seen from here, and how to change it. */
function limitsOf(live: readonly ProbedBackEnd[]): string[] {
  const best = live.find(({ available }) => available);
  if (!best) return live.map(({ source, reason }) => `no ${source.name}: ${reason}`);
  if (best.source.name === 'tcpdump') return [];
  const { reason } = live.find(({ source }) => source.name === 'tcpdump') ?? {
    reason: 'it is not installed',
  };
  return [`no kernel time stamps and no drop counts, because tcpdump cannot be used: ${reason}`];
}
