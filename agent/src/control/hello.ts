import type { KeyObject } from 'node:crypto';
import { OLDEST_PROTOCOL, PROTOCOL } from '@bothends/proto';
import { publicKeyDer } from '@bothends/proto/evidence/keys';
import type { BackEnd, Hello } from '@bothends/proto/gen/bothends/v1/agent';
import type { ProbedBackEnd } from '../capture/registry.js';
import type { BackEndName } from '../capture/source.js';
import type { Policy } from '../policy/policy.js';
import type { Host } from './host.js';

/** What an agent says of itself that does not change while it runs. */
export interface Introduction {
  readonly version: string;
  readonly host: Host;
  readonly probed: readonly ProbedBackEnd[];
  readonly signingKey: KeyObject;
  readonly exchangeKey: KeyObject;
  readonly policy: () => Policy;
  /** See directoryIdentity. */
  readonly dataDirectory: string;
}

/** What an agent says first on a new link; interfaces as they are now. */
export function makeHello(
  { version, host, probed, signingKey, exchangeKey, policy, dataDirectory }: Introduction,
  tapIds: readonly string[],
): Hello {
  const inForce = policy();
  const live = probed.filter(({ source }) => source.name !== 'pcapfile');
  return {
    version,
    protocol: PROTOCOL,
    oldestProtocol: OLDEST_PROTOCOL,
    hostname: host.hostname,
    bootId: host.bootId,
    platform: host.platform,
    backEnds: live.map(toBackEnd),
    interfaces: host.interfaces(),
    tapIds: [...tapIds],
    limits: [...limitsOf(live), ...host.limits()],
    host: host.facts(),
    dataDirectory,
    signingKey: publicKeyDer(signingKey),
    exchangeKey: publicKeyDer(exchangeKey),
    policyJson: JSON.stringify(inForce),
    knowsPods: true,
    knowsRaw: true,
    consentOwners: inForce.consent === 'ask' ? [...inForce.owners] : [],
  };
}

function toBackEnd({ source, available, reason, version }: ProbedBackEnd): BackEnd {
  return { name: source.name, available, reason, version };
}

/** What cannot be seen from here, and how to change it. */
function limitsOf(live: readonly ProbedBackEnd[]): string[] {
  const best = live.find(({ available }) => available);
  if (!best) return live.map(({ source, reason }) => `no ${source.name}: ${reason}`);
  const whyNot = (name: BackEndName) => live.find(({ source }) => source.name === name)?.reason ?? '';
  switch (best.source.name) {
    case 'tcpdump':
      return [
        `captures take more CPU than they need to, because packet-mmap cannot be used: ${whyNot('packet-mmap')}`,
      ];
    case 'cap':
      return [
        `no kernel time stamps and no drop counts, because tcpdump cannot be used: ${whyNot('tcpdump')}`,
      ];
    default:
      return [];
  }
}
