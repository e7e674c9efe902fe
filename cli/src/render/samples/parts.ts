import type { Finding, FlowReport, TapReport } from '@bothends/proto';

/** Hand-written parts of sample reports: plain data with the fields that a sample does not care about. */

export function tap(role: TapReport['role'], changes: Partial<TapReport> = {}): TapReport {
  return {
    name: role === 'client' ? 'web-1' : 'db-1',
    role,
    backEnd: 'tcpdump',
    filter: 'port 5432 or icmp or icmp6',
    interfaces: ['any'],
    snaplen: 192,
    openedAt: '2026-01-02T10:00:00.000000000Z',
    closedAt: '2026-01-02T10:05:00.000000000Z',
    packets: 1204,
    kernelDrops: 0,
    agentDrops: 0,
    timestamps: 'kernel',
    coverage: 'complete',
    gaps: [],
    ...changes,
  };
}

export function flow(id: string, changes: Partial<FlowReport> = {}): FlowReport {
  return {
    id,
    protocol: 'tcp',
    client: { address: '10.77.1.1', port: 40_000 },
    server: { address: '10.77.4.2', port: 5432 },
    serverView: null,
    packets: { clientTap: 12, serverTap: 12, matched: 12, lostToServer: 0, lostToClient: 0 },
    latency: {
      connectNs: 412_000,
      serverNs: 1_800_000,
      pathNs: 420_000,
      errorNs: 60_000,
      toServerNs: 205_000,
      toClientNs: 215_000,
    },
    findings: [],
    ...changes,
  };
}

export function finding(id: string, code: Finding['code'], changes: Partial<Finding> = {}): Finding {
  return {
    id,
    code,
    grade: 'proven',
    flow: null,
    direction: null,
    sender: null,
    cause: null,
    blame: 'path',
    at: null,
    statement: `statement of ${id}`,
    attributes: {},
    evidence: [],
    counter: [],
    assumptions: [],
    missing: [],
    consequenceOf: null,
    remedy: null,
    ...changes,
  };
}
