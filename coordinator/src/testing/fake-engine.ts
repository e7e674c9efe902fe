import {
  type Finding,
  type FlowReport,
  formatInstant,
  type Ladder,
  Layer,
  type PacketTable,
  type PathHistory,
  REPORT_SCHEMA,
  type Report,
  type TapReport,
  Tcp,
} from '@bothends/proto';
import type { Analyst } from '../analysis/analysis.js';
import { LocalAnalyst } from '../analysis/local-analyst.js';
import type { EngineOptions, LadderLike, TapCoverage, TapDescription } from '../engine/types.js';

interface FakeTap {
  description: TapDescription;
  coverage: TapCoverage | null;
  pushed: number;
  finished: boolean;
}

/** An engine that concludes nothing: it counts what it is given, and turns the first RST into a finding. */
export class FakeEngine implements LadderLike {
  readonly taps: FakeTap[] = [];
  readonly #options: EngineOptions;
  #resets = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  addTap(description: TapDescription): number {
    return this.taps.push({ description, coverage: null, pushed: 0, finished: false }) - 1;
  }

  push(tap: number, table: PacketTable): void {
    this.taps[tap].pushed += table.length;
    for (let i = 0; i < table.length; i++) {
      if (table.layer[i] === Layer.transport && (table.tcpFlags[i] & Tcp.rst) !== 0) this.#resets++;
    }
  }

  named(): void {}

  cover(tap: number, coverage: TapCoverage): void {
    this.taps[tap].coverage = coverage;
  }

  prior(): void {}

  finish(tap: number): void {
    this.taps[tap].finished = true;
  }

  report(): Report {
    const { captureId, captureName } = this.#options;
    return {
      schema: REPORT_SCHEMA,
      engine: 'fake',
      capture: { id: captureId, name: captureName, startedAt: null, endedAt: null },
      taps: this.taps.map(tapReport),
      clock: { offsetNs: null, errorNs: null, driftPpm: null, method: 'none', steps: [] },
      flows: [],
      findings: this.#resets > 0 ? [resetFinding(this.#resets)] : [],
      headline: `${this.taps.reduce((sum, { pushed }) => sum + pushed, 0)} packets, ${this.#resets} resets`,
    };
  }

  history(): PathHistory {
    const none = { lowestNs: [], meanNs: [], highestNs: [], lost: [] };
    return { startedAt: formatInstant(0n), columnNs: 1, toServer: none, toClient: none, clockErrorNs: [] };
  }

  ladder(): Ladder {
    const { clock } = this.report();
    return { flow: FLOW, clock, startedAt: formatInstant(0n), rows: [], omitted: 0 };
  }
}

/** Analyses that conclude nothing. */
export function fakeAnalyst(): Analyst {
  const create = (options: EngineOptions) => new FakeEngine(options);
  return new LocalAnalyst(create, create);
}

const FLOW: FlowReport = {
  id: 'f1',
  protocol: 'tcp',
  client: { address: '10.0.0.1', port: 40000 },
  server: { address: '10.0.0.2', port: 443 },
  serverView: null,
  packets: { clientTap: 0, serverTap: 0, matched: 0, lostToServer: 0, lostToClient: 0 },
  latency: null,
  findings: [],
};

function tapReport({ description, coverage, pushed }: FakeTap): TapReport {
  return {
    name: description.name,
    role: description.role ?? 'client',
    backEnd: coverage?.backEnd ?? '',
    filter: coverage?.filter ?? '',
    interfaces: [...(coverage?.interfaces ?? [])],
    snaplen: coverage?.snaplen ?? 0,
    openedAt: null,
    closedAt: null,
    packets: pushed,
    kernelDrops: coverage?.kernelDrops ?? null,
    agentDrops: coverage?.agentDrops ?? 0,
    timestamps: 'kernel',
    coverage: (coverage?.gaps.length ?? 0) > 0 ? 'gaps' : 'complete',
    gaps: (coverage?.gaps ?? []).map((gap) => ({
      from: formatInstant(gap.fromNs),
      to: formatInstant(gap.toNs),
      packets: gap.packets,
      cause: gap.cause,
    })),
  };
}

function resetFinding(resets: number): Finding {
  return {
    id: 'x1',
    code: 'rst-genuine',
    grade: 'likely',
    flow: null,
    direction: null,
    sender: null,
    cause: 'unknown',
    blame: 'unknown',
    at: null,
    statement: `${resets} resets`,
    attributes: {},
    evidence: [],
    counter: [],
    assumptions: [],
    missing: [],
    consequenceOf: null,
    remedy: null,
  };
}
