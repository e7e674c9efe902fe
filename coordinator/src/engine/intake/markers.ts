import { formatAddress, type MarkerReport, type PacketTable } from '@bothends/proto';
import type { Tap } from '../taps.js';

/** Remembers a packet that is a marker. */
export function noteMarker(tap: Tap, table: PacketTable, row: number): void {
  const id = table.marker[row];
  const routes = tap.markers.get(id) ?? new Map<string, string>();
  tap.markers.set(id, routes);
  const destination = formatAddress(table.destination, row * 4);
  if (!routes.has(destination)) routes.set(destination, formatAddress(table.source, row * 4));
}

/**
 * What became of the marker of `tap`: seen at the far tap too it proves both, and shows how the path translates this
 * host's address. Undefined where the tap's back end knows no markers (files).
 */
export function markerReport(tap: Tap, far: Tap): MarkerReport | undefined {
  const marker = tap.coverage?.marker;
  if (marker === undefined) return undefined;
  if (!marker.sent) return { state: 'off', translated: null };
  const arrived = far.markers.get(marker.id);
  if (arrived !== undefined) return { state: 'arrived', translated: translation(tap, marker.id, arrived) };
  return { state: marker.left ? 'left' : 'not-seen', translated: null };
}

/** The first destination whose packets left with one source address and arrived with another. */
function translation(tap: Tap, id: number, arrived: ReadonlyMap<string, string>): MarkerReport['translated'] {
  for (const [destination, from] of tap.markers.get(id) ?? []) {
    const to = arrived.get(destination);
    if (to !== undefined && to !== from) return { from, to };
  }
  return null;
}
