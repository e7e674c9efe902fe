import { NS_PER_S } from '@bothends/proto';
import { isOver } from '../../captures/capture.js';
import type { AgentView } from '../../fleet/fleet.js';
import type { Audit } from '../../serve/audit/audit.js';
import type { StateSources } from '../../serve/messages.js';
import { captureState } from '../../serve/messages.js';
import type { Health } from '../health.js';
import type { Metric, Sample } from './exposition.js';
import type { FindingCounts } from './finding-counts.js';

/** Every state, so that one that nobody is in reads 0 and not nothing. */
const STATES: readonly string[] = [
  'requested',
  'asking',
  'arming',
  'armed',
  'recording',
  'draining',
  'complete',
  'partial',
  'failed',
];

/** Where the numbers come from. */
export interface Measured extends StateSources {
  counts: FindingCounts;
  audit: Pick<Audit, 'refusals'>;
  health: Health;
  version: string;
}

/** Everything that Prometheus is told. Taps are listed while their capture runs, so that series do not pile up. */
export async function collect(sources: Measured): Promise<Metric[]> {
  const { counts, audit, health, version } = sources;
  const agents = sources.fleet.views();
  return [
    gauge('bothends_build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
    ...agentMetrics(agents),
    gauge(
      'bothends_store_faults',
      'Complaints about the structure of the database, looked at once after the start; absent until then.',
      health.faults === null ? [] : [{ labels: {}, value: health.faults }],
    ),
    captureMetric(sources),
    ...(await tapMetrics(sources, counts)),
    {
      name: 'bothends_refusals_total',
      help: 'Who was refused or cut off since the coordinator started, by what they wanted; the audit log names them.',
      type: 'counter',
      samples: [...audit.refusals()].map(([what, value]) => ({ labels: { what }, value })),
    },
    {
      name: 'bothends_findings_total',
      help: 'Findings of live captures since the coordinator started, by the code that they had first.',
      type: 'counter',
      samples: [...counts.byCode()].map(([code, value]) => ({ labels: { code }, value })),
    },
  ];
}

function agentMetrics(agents: readonly AgentView[]): Metric[] {
  const each = (value: (agent: AgentView) => number | null): Sample[] =>
    agents.flatMap((agent) => {
      const measured = value(agent);
      return measured === null ? [] : [{ labels: { agent: agent.name }, value: measured }];
    });
  const whenOnline = (value: (agent: AgentView) => number) =>
    each((agent) => (agent.online ? value(agent) : null));
  return [
    gauge(
      'bothends_agent_up',
      'Whether the agent is connected.',
      each(({ online }) => Number(online)),
    ),
    gauge(
      'bothends_agent_last_seen_timestamp_seconds',
      'When the agent was heard last.',
      each(({ lastSeenNs }) => (lastSeenNs === 0n ? null : seconds(lastSeenNs))),
    ),
    gauge(
      'bothends_agent_memory_bytes',
      'Resident memory of the agent.',
      whenOnline(({ rssBytes }) => Number(rssBytes)),
    ),
    gauge(
      'bothends_agent_spool_bytes',
      'Evidence on the disk of the agent that is not committed here yet.',
      whenOnline(({ spoolBytes }) => Number(spoolBytes)),
    ),
    gauge(
      'bothends_agent_clock_offset_seconds',
      "Agent's clock minus the coordinator's.",
      each(({ clock }) => (clock === null ? null : seconds(clock.offsetNs))),
    ),
    gauge(
      'bothends_agent_clock_error_seconds',
      'Bound on the error of the offset.',
      each(({ clock }) => (clock === null ? null : clock.errorNs / NS_PER_S)),
    ),
  ];
}

function captureMetric({ captures }: StateSources): Metric {
  const all = captures.list();
  const samples = STATES.map((state) => ({
    labels: { state },
    value: all.filter(({ phase }) => phase.state === state).length,
  }));
  return gauge('bothends_captures', 'Captures that the coordinator holds, by state.', samples);
}

async function tapMetrics(sources: StateSources, counts: FindingCounts): Promise<Metric[]> {
  const running = sources.captures.list().filter(({ phase }) => !isOver(phase));
  const states = await Promise.all(running.map((capture) => captureState(capture, sources)));
  const taps = states.flatMap(({ id, taps }) => taps.map((tap) => ({ capture: id, tap })));
  type Running = (typeof taps)[number];
  const counter = (name: string, help: string, value: (tap: Running['tap']) => number | null): Metric => ({
    name,
    help,
    type: 'counter',
    samples: taps.flatMap(({ capture, tap }) => {
      const counted = value(tap);
      const labels = { capture, agent: tap.agent, role: tap.role };
      return counted === null ? [] : [{ labels, value: counted }];
    }),
  });
  return [
    counter('bothends_tap_packets_total', 'Packets that the tap took.', ({ packets }) => Number(packets)),
    counter(
      'bothends_tap_kernel_drops_total',
      'Packets that the kernel dropped before the tap; absent where nobody counts them.',
      ({ kernelDrops }) => (kernelDrops === undefined ? null : Number(kernelDrops)),
    ),
    counter('bothends_tap_agent_drops_total', 'Packets that the agent dropped.', ({ agentDrops }) =>
      Number(agentDrops),
    ),
    counter('bothends_tap_gaps_total', 'Gaps in what the tap can vouch for.', ({ tapId }) =>
      counts.gapsOf(tapId),
    ),
    counter(
      'bothends_tap_untracked_packets_total',
      'Packets of flows beyond those that one capture follows: counted, declared in the report, and not judged.',
      ({ tapId }) => counts.untrackedOf(tapId),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', samples };
}

function seconds(ns: bigint): number {
  return Number(ns) / NS_PER_S;
}
