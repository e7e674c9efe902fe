import type { Ladder, Report } from '@bothends/proto';
import { finding, flow, tap } from './parts.js';

const forgedStatement =
  'A device on the path, 2 routers from the server, forged the RST that closed 10.77.1.1:40000 → 10.77.4.2:5432 at the server after 61.2 s of silence; web-1 never sent it.';

const faulty = flow('f1', {
  packets: { clientTap: 9, serverTap: 10, matched: 8, lostToServer: 0, lostToClient: 1 },
  findings: ['x1', 'x2', 'x3', 'x4'],
});

/** Incident: a firewall forgets an idle connection and rejects the server's next packet in the client's name. */
export const forgedReport: Report = {
  schema: 'bothends.report.v1',
  engine: '0.1.0',
  capture: {
    id: 'c-7kq2m',
    name: 'nightly resets',
    startedAt: '2026-01-02T10:00:00.000000000Z',
    endedAt: '2026-01-02T10:05:00.000000000Z',
  },
  taps: [tap('client'), tap('server', { packets: 1207 })],
  clock: { offsetNs: 3_200_000, errorNs: 118_000, driftPpm: 2.14, method: 'envelope', steps: [] },
  flows: [flow('f2', { client: { address: 'fd77:1::1', port: 40_002 } }), faulty],
  findings: [
    finding('x1', 'rst-forged', {
      flow: 'f1',
      direction: 'toward-server',
      sender: 'path',
      at: '2026-01-02T10:02:04.123456789Z',
      statement: forgedStatement,
      attributes: { hopsFromReceiver: 2, idleMs: 61_200 },
      evidence: [
        {
          kind: 'absence',
          text: 'The RST reached db-1 and is not among the packets of web-1, which dropped none.',
          packets: [{ tap: 'server', number: 10, at: '2026-01-02T10:02:04.123456789Z', text: '[R] seq 301' }],
        },
        {
          kind: 'positive-control',
          text: 'All other 604 packets that db-1 got from web-1 were found at web-1.',
          packets: [],
        },
        {
          kind: 'alive',
          text: 'web-1 went on using the connection after the RST.',
          packets: [5, 6, 7, 8, 9].map((number) => ({
            tap: 'client',
            number,
            at: '2026-01-02T10:02:05.000000000Z',
            text: '[.]',
          })),
        },
      ],
      counter: [
        { kind: 'ttl', text: 'The TTL of the RST equals that of an answer of web-1 itself.', packets: [] },
      ],
      assumptions: [
        { text: 'Both taps were open 2 s before and after the RST.', checked: true },
        { text: 'web-1 sends through no interface that bypasses the tap (XDP, AF_XDP).', checked: false },
      ],
      missing: ['Kernel events of web-1 (tcp_send_reset) would settle it alone.'],
      remedy:
        'Send keepalives below 61 s: SO_KEEPALIVE with TCP_KEEPIDLE 30, or `sysctl -w net.ipv4.tcp_keepalive_time=30`; or raise the timeout of the firewall 2 routers from db-1.',
    }),
    finding('x2', 'rst-genuine', {
      grade: 'strong',
      flow: 'f1',
      sender: 'server',
      direction: 'toward-client',
      blame: 'path',
      statement: 'db-1 answered the next packet of web-1 with a RST, as its connection was gone.',
      consequenceOf: 'x1',
    }),
    finding('x3', 'idle-timeout', {
      grade: 'strong',
      flow: 'f1',
      statement:
        'A device on the path forgets connections after more than 30 s and at most 61.2 s of silence.',
      attributes: { survivedMs: 30_000, fatalMs: 61_200 },
      evidence: [{ kind: 'gap', text: 'Silence of 30 s was survived, 61.2 s was fatal.', packets: [] }],
      remedy: 'Keep every connection busier than once in 30 s.',
    }),
    finding('x4', 'mss-clamped', { flow: 'f1', statement: 'The path lowers the MSS from 1460 to 1380.' }),
  ],
  headline: forgedStatement,
};

const S = 1_000_000_000;

/** The ladder of that flow. Packet numbers are those of the taps. */
export const forgedLadder: Ladder = {
  flow: faulty,
  clock: forgedReport.clock,
  startedAt: '2026-01-02T10:01:02.500000000Z',
  omitted: 0,
  rows: [
    row(0, 'toward-server', [1, 1], 'S', [0, 0], null, 64_240, 0),
    row(0.000_41, 'toward-client', [2, 2], 'S.', [0, 0], 1, 65_160, 0),
    row(0.000_43, 'toward-server', [3, 3], '.', [1, 1], 1, 502, 0),
    row(0.000_9, 'toward-server', [4, 4], 'P.', [1, 301], 1, 502, 300),
    row(0.201, 'toward-server', [5, 5], 'P.', [1, 301], 1, 502, 300, { retransmissionOf: 3 }),
    row(0.202, 'toward-client', [null, 6], 'P.', [1, 1449], 301, 501, 1448, { fate: 'lost' }),
    row(61.402, 'toward-client', [null, 9], 'P.', [1449, 1460], 301, 501, 11, { fate: 'lost' }),
    row(61.402_1, 'toward-server', [null, 10], 'R', [301, 301], null, 0, 0, { fate: 'injected' }),
    row(62.5, 'toward-server', [9, null], '.', [301, 301], 1, 502, 0, { fate: 'unknown', note: 'keepalive' }),
  ],
};

function row(
  seconds: number,
  direction: 'toward-client' | 'toward-server',
  [clientNumber, serverNumber]: [number | null, number | null],
  flags: string,
  [sequence, sequenceEnd]: [number, number],
  acknowledgment: number | null,
  window: number,
  length: number,
  changes: Partial<Ladder['rows'][number]> = {},
): Ladder['rows'][number] {
  const timeNs = Math.round(seconds * S);
  return {
    timeNs,
    direction,
    clientNs: clientNumber === null ? null : timeNs,
    serverNs: serverNumber === null ? null : timeNs,
    clientNumber,
    serverNumber,
    fate: 'delivered',
    flags,
    sequence,
    sequenceEnd,
    acknowledgment,
    window,
    length,
    retransmissionOf: null,
    note: '',
    ...changes,
  };
}
