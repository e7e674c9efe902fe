import { BothendsError } from '@bothends/proto';
import { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { PodsOfNode } from '../pods/node.js';
import { DEFAULT_POLICY } from '../policy/policy.js';
import { HostAudit } from '../raw/host-audit.js';
import { RawStore } from '../raw/raw-store.js';
import { SyntheticSource } from '../testing/synthetic-source.js';
import { makeExchangeKey } from './digest-key.js';
import type { TapEnvironment } from './environment.js';
import { openCapture } from './open-capture.js';

const ARM: Arm = { ...Arm.decode(Buffer.alloc(0)), tapId: 't-1', interface: 'any', durationMs: 60_000n };

/** A host with two back ends, the first of which is the one that it prefers. */
function hostWith(preferred: SyntheticSource, other: SyntheticSource): TapEnvironment {
  return {
    name: 'db-1',
    host: {
      hostname: 'db',
      bootId: 'boot-1',
      platform: 'Linux',
      interfaces: () => [],
      facts: () => ({ kernel: 'Linux', networkNamespace: '', clockSync: undefined }),
      limits: () => [],
      survey: async () => undefined,
    },
    policy: () => DEFAULT_POLICY,
    pods: new PodsOfNode('db-1', () => DEFAULT_POLICY, null),
    raw: new RawStore({
      directory: '/nonexistent',
      name: 'db-1',
      policy: () => DEFAULT_POLICY,
      audit: new HostAudit('/nonexistent/audit.log', () => 1n),
      logger: pino({ level: 'silent' }),
    }),
    exchangeKey: makeExchangeKey(),
    kit: {
      source: async (name) => (name === other.name ? other : preferred),
      filter: async (_source, text) => ({ text, length: 1 }),
    },
    clock: { wallNs: () => 1n, monotonicNs: () => 1n, wallMinusMonotonicNs: () => 0n },
    randomBytes: (count) => new Uint8Array(count),
    sendDatagram: () => undefined,
    directoryOf: (tapId) => tapId,
    logger: pino({ level: 'silent' }),
    changed: () => undefined,
    pump: () => undefined,
  };
}

const ring = (refusal: BothendsError | null) => {
  const source = new SyntheticSource('packet-mmap');
  source.refusal = refusal;
  return source;
};
const UNSUPPORTED = new BothendsError('unsupported', 'not with a ring');
const NO_MEMORY = new BothendsError('resource-exhausted', 'no memory for a ring');

it('opens with the back end that the host prefers', async () => {
  const { head } = await openCapture(ARM, null, hostWith(ring(null), new SyntheticSource()));
  expect(head.backEnd).toBe('packet-mmap');
});

it.each([UNSUPPORTED, NO_MEMORY])(
  'falls back to tcpdump where a ring cannot do it: $message',
  async (refusal) => {
    const { head } = await openCapture(ARM, null, hostWith(ring(refusal), new SyntheticSource()));
    expect(head.backEnd).toBe('tcpdump');
  },
);

it('does not fall back from what was asked for by name, nor from a refusal that tcpdump would meet, too', async () => {
  const asked = { ...ARM, backEnd: 'packet-mmap' };
  const opened = openCapture(asked, null, hostWith(ring(UNSUPPORTED), new SyntheticSource()));
  await expect(opened).rejects.toThrow('not with a ring');
  const badFilter = new BothendsError('invalid-argument', 'the filter does not compile');
  const refused = openCapture(ARM, null, hostWith(ring(badFilter), new SyntheticSource()));
  await expect(refused).rejects.toThrow('does not compile');
});
