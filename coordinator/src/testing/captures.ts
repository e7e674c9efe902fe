import type { Capture } from '../captures/capture.js';

/** A capture of `web` and `db` that has just been requested, with what a test changes. */
export function testCapture(change: Partial<Capture> = {}): Capture {
  const { id = 'c-1' } = change;
  const tap = (role: 'client' | 'server', agent: string) => ({
    id: `${id}-${role}`,
    agent,
    role,
    addresses: [],
    phase: { state: 'requested' } as const,
    drained: false,
  });
  return {
    id,
    name: `name of ${id}`,
    request: {
      client: 'web',
      server: 'db',
      filter: 'port 443 and not "odd"',
      interface: 'any',
      snaplen: 192,
      durationMs: 60_000,
      maxPackets: 0,
      backEnd: '',
      port: 443,
      marker: true,
      until: '',
      requestedBy: 'admin',
    },
    requestedNs: 0n,
    phase: { state: 'requested' },
    taps: [tap('client', 'web'), tap('server', 'db')],
    prior: null,
    headline: '',
    reported: false,
    ...change,
  };
}
