import { formatDuration, msOf, NS_PER_MS } from '@bothends/proto';
import type { Agent } from '@bothends/proto/gen/bothends/v1/bothends';
import { instantOrNull } from '../output/json-lines.js';
import { printable, tableLines, wrap } from './layout.js';
import type { Style } from './style.js';
import { plusMinus } from './words.js';

/** What a narrow terminal cuts off matters least. */
const COLUMNS = ['HOST', 'STATE', 'LAST SEEN', 'CLOCK', 'VERSION', 'INTERFACES', 'BACK ENDS'];

/** The fleet as a table; `nowMs` is the wall clock, epoch ms. */
export function agentTable(agents: readonly Agent[], nowMs: number, width: number): string {
  const rows = agents.map((agent) =>
    [
      agent.name,
      agent.online ? 'online' : 'offline',
      lastSeen(agent, nowMs),
      clock(agent),
      agent.version,
      agent.interfaces.join(', '),
      agent.backEnds.join(', '),
    ].map(printable),
  );
  const lines = tableLines(
    COLUMNS.map((title) => ({ title })),
    rows,
    width,
  );
  return `${lines.join('\n')}\n`;
}

/** One host: its state, its interfaces, and what limits what can be seen from it. */
export function agentDetail(agent: Agent, nowMs: number, width: number, style: Style): string {
  const state = agent.online ? style.green('online') : style.red('offline');
  const lines = [
    `${style.bold(printable(agent.name))}  ${state}`,
    ...wrap(
      printable(`${agent.hostname}, ${agent.platform}, bothends ${agent.version}`),
      width,
      '  host        ',
    ),
    `  last seen   ${lastSeen(agent, nowMs)}`,
    `  clock       ${clock(agent)} against the coordinator's; ${clockKeeper(agent)}`,
    ...wrap(printable(agent.backEnds.join(', ') || 'none'), width, '  back ends   '),
  ];
  for (const link of agent.interfaceStates) {
    const marks = [
      link.up ? 'up' : 'down',
      `MTU ${link.mtu}`,
      ...(link.xdp ? ['XDP program'] : []),
      ...link.offloads,
    ];
    const text = `${link.name}: ${marks.join(', ')}${link.addresses.length > 0 ? `; ${link.addresses.join(', ')}` : ''}`;
    lines.push(...wrap(printable(text), width, '  interface   '));
  }
  if (agent.limits.length === 0) lines.push('  sees        everything that a tap on this host can see');
  for (const limit of agent.limits) {
    const [first = '', ...rest] = wrap(printable(limit), width, '  limit       ');
    // Painted when it is wrapped: a wrapped line counts its cells.
    lines.push(first.replace('limit', style.yellow), ...rest);
  }
  return `${lines.join('\n')}\n`;
}

/** An agent as the JSON that other programs read. */
export function agentObject(agent: Agent): object {
  return {
    name: agent.name,
    online: agent.online,
    version: agent.version,
    hostname: agent.hostname,
    platform: agent.platform,
    interfaces: agent.interfaces,
    backEnds: agent.backEnds,
    clockOffsetNs: agent.clockOffsetNs === undefined ? null : Number(agent.clockOffsetNs),
    clockErrorNs: agent.clockErrorNs === undefined ? null : Number(agent.clockErrorNs),
    lastSeenAt: instantOrNull(agent.lastSeenNs),
    limits: agent.limits,
    interfaceStates: agent.interfaceStates,
    rssBytes: Number(agent.rssBytes),
    networkNamespace: agent.host?.networkNamespace || null,
    clockSync: clockSyncObject(agent),
  };
}

function clock(agent: Agent): string {
  if (agent.clockOffsetNs === undefined) return 'not measured';
  const error = agent.clockErrorNs === undefined ? null : Number(agent.clockErrorNs);
  return plusMinus(Number(agent.clockOffsetNs), error);
}

/** What keeps the host's own clock right. */
function clockKeeper({ host }: Agent): string {
  const { source, synchronised, errorNs } = host?.clockSync ?? { source: '' };
  if (!source || synchronised === undefined) return 'not known whether anything keeps it right';
  if (!synchronised) return `not synchronised (${source})`;
  return `kept right by ${source}${errorNs === undefined ? '' : ` within ${formatDuration(Number(errorNs))}`}`;
}

function clockSyncObject({ host }: Agent): object | null {
  const sync = host?.clockSync;
  if (!sync?.source) return null;
  const { source, synchronised = null, errorNs } = sync;
  return { source, synchronised, errorNs: errorNs === undefined ? null : Number(errorNs) };
}

/** Two days: what is longer ago is told by its date. */
const DATED_MS = 48 * 3_600_000;

function lastSeen(agent: Agent, nowMs: number): string {
  if (agent.lastSeenNs === 0n) return 'never';
  const ago = nowMs - msOf(agent.lastSeenNs);
  if (ago > DATED_MS) return (instantOrNull(agent.lastSeenNs) ?? '').slice(0, 16).replace('T', ' ');
  // Below two heartbeats the age says nothing, and two clocks may differ by it.
  return ago < 2000 ? 'now' : `${formatDuration(Math.round(ago / 1000) * 1000 * NS_PER_MS)} ago`;
}
