import type { Report } from '@bothends/proto';
import { forgedReport } from './forged.js';
import { finding, flow, tap } from './parts.js';

/** Nothing is wrong, and enough was seen to say so. */
export const healthyReport: Report = {
  ...forgedReport,
  capture: { ...forgedReport.capture, id: 'c-3fd9p', name: '' },
  flows: [flow('f1')],
  findings: [],
  headline: 'Nothing is wrong between web-1 and db-1: 1 flow, every packet arrived, none was changed.',
};

/** Two files that do not decide: no drop counts, a late start, clocks unbounded. */
export const inconclusiveReport: Report = {
  ...forgedReport,
  taps: [
    tap('client', {
      name: 'client.pcap',
      backEnd: 'pcapfile',
      filter: '',
      interfaces: [],
      kernelDrops: null,
      openedAt: null,
      closedAt: null,
      timestamps: 'file',
      coverage: 'unknown',
    }),
    tap('server', {
      name: 'server.pcap',
      kernelDrops: 3120,
      agentDrops: 40,
      coverage: 'gaps',
      gaps: [1, 2, 3, 4, 5].map((second) => ({
        from: `2026-01-02T10:02:0${second}.000000000Z`,
        to: `2026-01-02T10:02:0${second}.500000000Z`,
        packets: second === 1 ? null : second * 10,
        cause: 'kernel-drop',
      })),
    }),
  ],
  clock: {
    offsetNs: null,
    errorNs: null,
    driftPpm: null,
    method: 'none: packets match in no direction',
    steps: [],
  },
  flows: [
    flow('f1', {
      findings: ['x1'],
      latency: null,
      packets: { clientTap: 4, serverTap: 0, matched: 0, lostToServer: 0, lostToClient: 0 },
    }),
  ],
  findings: [
    finding('x1', 'syn-lost', {
      grade: 'inconclusive',
      flow: 'f1',
      blame: 'unknown',
      statement: 'It cannot be said whether the SYN reached db-1: its tap lost packets at that time.',
      missing: ['A capture of db-1 without drops: use a snaplen of 192 and a larger ring.'],
    }),
  ],
  headline:
    'It cannot be said whether the SYN of 10.77.1.1:40000 reached 10.77.4.2:5432: the server’s tap lost packets.',
};

/** A busy server: forty flows, twelve of them with the same fault, and hostile text in names. */
export const manyReport: Report = {
  ...forgedReport,
  taps: [
    tap('client', { name: '<script>alert(1)</script>' }),
    tap('server', { filter: 'port 5432 | `id` <b>' }),
  ],
  flows: Array.from({ length: 40 }, (_, i) =>
    flow(`f${i + 1}`, {
      client: { address: '10.77.1.1', port: 40_000 + i },
      serverView: {
        client: { address: '192.0.2.7', port: 50_000 + i },
        server: { address: '10.77.4.2', port: 5432 },
      },
      findings: i % 3 === 0 && i < 36 ? [`x${i + 1}`] : [],
    }),
  ),
  findings: Array.from({ length: 12 }, (_, i) =>
    finding(`x${i * 3 + 1}`, 'rst-genuine', {
      flow: `f${i * 3 + 1}`,
      sender: 'server',
      direction: 'toward-client',
      cause: 'no-listener',
      blame: 'server-host',
      statement: `Nothing listens on 10.77.4.2:5432: db-1 itself refused 10.77.1.1:${40_000 + i * 3}.`,
    }),
  ),
  headline: 'Nothing listens on 10.77.4.2:5432: db-1 itself refused 10.77.1.1:40000.',
};
