import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import type { BackEndName } from '../capture/source.js';
import { DEFAULT_POLICY } from '../policy/policy.js';
import { SyntheticSource } from '../testing/synthetic-source.js';
import { makeExchangeKey } from './digest-key.js';
import { makeHello } from './hello.js';

/** What an agent says limits it when these back ends can run, and the others not, for a reason that names them. */
function limitsWith(...usable: BackEndName[]): string[] {
  const names: BackEndName[] = ['packet-mmap', 'tcpdump', 'cap', 'pcapfile'];
  const probed = names.map((name) => {
    const available = usable.includes(name);
    return {
      source: new SyntheticSource(name),
      available,
      reason: available ? '' : `no ${name}`,
      version: '1',
    };
  });
  const host = {
    hostname: 'db',
    bootId: 'boot-1',
    platform: 'Linux',
    interfaces: () => [],
    facts: () => ({ kernel: 'Linux', networkNamespace: '', clockSync: undefined }),
    limits: () => [],
    survey: async () => undefined,
  };
  const signingKey = generateKeyPairSync('ed25519').privateKey;
  const own = { signingKey, exchangeKey: makeExchangeKey(), dataDirectory: 'd-1' };
  return makeHello({ version: '1', host, probed, policy: () => DEFAULT_POLICY, ...own }, []).limits;
}

it('an agent with the best back end has no limit of that kind', () => {
  expect(limitsWith('packet-mmap', 'tcpdump')).toEqual([]);
});

it('an agent that captures in a lesser way says what it lacks, and why', () => {
  expect(limitsWith('tcpdump', 'cap')).toEqual([
    expect.stringMatching(/more CPU.*packet-mmap.*: no packet-mmap$/),
  ]);
  expect(limitsWith('cap')).toEqual([expect.stringMatching(/no kernel time stamps.*: no tcpdump$/)]);
  // Files are no way to capture.
  expect(limitsWith('pcapfile')).toHaveLength(3);
});
