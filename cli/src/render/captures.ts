import { formatDuration } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import { instantOrNull } from '../output/json-lines.js';
import { printable, tableLines, wrap } from './layout.js';

const COLUMNS = ['ID', 'NAME', 'STATE', 'STARTED', 'LASTED', 'HOSTS'];
/** A sentence stands below the line of its capture, further in. */
const INDENT = '  ';

/** Captures as a table; below each line the sentence that its report begins with, or why there is none. */
export function captureTable(captures: readonly CaptureState[], width: number): string {
  const rows = captures.map((capture) =>
    [
      capture.id,
      capture.name || '–',
      capture.state,
      instantOrNull(capture.startedNs)?.slice(0, 19).replace('T', ' ') ?? '–',
      lasted(capture),
      capture.taps.map((tap) => tap.agent).join(', '),
    ].map(printable),
  );
  const [head = '', ...lines] = tableLines(
    COLUMNS.map((title) => ({ title })),
    rows,
    width,
  );
  const told = lines.flatMap((line, i) => [line, ...sentence(captures[i], width)]);
  return `${[head, ...told].join('\n')}\n`;
}

function sentence(capture: CaptureState | undefined, width: number): string[] {
  const text = capture?.headline || capture?.reason || waitsFor(capture);
  return text === '' ? [] : wrap(printable(text), width, INDENT);
}

/** What an owner has to know who is asked. */
function waitsFor(capture: CaptureState | undefined): string {
  if (capture?.state !== 'asking') return '';
  const extras = [
    ...(capture.keepRaw ? ['raw packets to be kept'] : []),
    ...(capture.clearNames ? ['DNS and TLS server names in clear'] : []),
  ];
  const what = extras.length === 0 ? '' : ` for ${extras.join(' and ')}`;
  return `${capture.requestedBy} asks${what}: "bothends approve ${capture.id}" lets it begin`;
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
    clearNames: capture.clearNames === true,
    keepRaw: capture.keepRaw === true,
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
