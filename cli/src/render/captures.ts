import { formatDuration } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import { instantOrNull } from '../output/json-lines.js';
import { printable, tableLines } from './layout.js';

const COLUMNS = ['ID', 'NAME', 'STATE', 'STARTED', 'LASTED', 'HOSTS', 'HEADLINE'];

/** Captures as a table. */
export function captureTable(captures: readonly CaptureState[], width: number): string {
  const rows = captures.map((capture) =>
    [
      capture.id,
      capture.name || '–',
      capture.state,
      instantOrNull(capture.startedNs)?.slice(0, 19).replace('T', ' ') ?? '–',
      lasted(capture),
      capture.taps.map((tap) => tap.agent).join(', '),
      capture.headline || capture.reason || '–',
    ].map(printable),
  );
  const lines = tableLines(
    COLUMNS.map((title) => ({ title })),
    rows,
    width,
  );
  return `${lines.join('\n')}\n`;
}

/** A capture as the JSON that other programs read. */
export function captureObject(capture: CaptureState): object {
  return {
    id: capture.id,
    name: capture.name,
    state: capture.state,
    reason: capture.reason,
    filter: capture.filter,
    requestedAt: instantOrNull(capture.requestedNs),
    startedAt: instantOrNull(capture.startedNs),
    endedAt: instantOrNull(capture.endedNs),
    requestedBy: capture.requestedBy,
    headline: capture.headline,
    taps: capture.taps.map((tap) => ({
      agent: tap.agent,
      role: tap.role,
      state: tap.state,
      reason: tap.reason,
      online: tap.online,
      packets: Number(tap.packets),
      kernelDrops: tap.kernelDrops === undefined ? null : Number(tap.kernelDrops),
      agentDrops: Number(tap.agentDrops),
    })),
  };
}

function lasted({ startedNs, endedNs }: CaptureState): string {
  if (startedNs === 0n) return '–';
  return endedNs === 0n ? 'running' : formatDuration(Number(endedNs - startedNs));
}
