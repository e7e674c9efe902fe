import type { LadderRow } from '@bothends/proto';
import { formatDuration } from '@bothends/proto/time/nanoseconds';

/** `P. 1:201 ack 1 (200)`: as tcpdump prints it; for UDP the length alone. */
export function packetText(row: LadderRow): string {
  const { flags, sequence, sequenceEnd, acknowledgment, length, note } = row;
  const numbers = length > 0 && sequence !== null ? ` ${sequence}:${sequenceEnd}` : '';
  const ack = acknowledgment === null || flags.includes('S') ? '' : ` ack ${acknowledgment}`;
  const bytes = length > 0 ? ` (${length})` : '';
  const mark = markOf(row);
  return `${mark}${flags}${numbers}${ack}${bytes}${note === '' ? '' : ` ${note}`}`.trim() || `(${length})`;
}

/** The same in few characters, for a narrow lane. */
export function packetTextShort({ flags, length, retransmissionOf, fate }: LadderRow): string {
  const mark = retransmissionOf === null ? '' : '↻';
  const forged = fate === 'injected' ? ' forged' : '';
  return `${mark}${flags}${length > 0 ? ` ${length} B` : ''}${forged}`.trim();
}

/** What the legend explains, for those who do not see colours. */
function markOf({ fate, retransmissionOf }: LadderRow): string {
  if (fate === 'injected') return '✸ ';
  if (fate === 'unknown') return '? ';
  return retransmissionOf === null ? '' : '↻ ';
}

const FATES = {
  delivered: 'delivered',
  lost: 'lost on the path',
  injected: 'put in by the path: its alleged sender never sent it',
  unknown: 'seen at one tap only, and the other may have missed it',
} as const;

/** A row as a sentence: what a screen reader says, and the line of details. */
export function rowSentence(row: LadderRow, index: number): string {
  const toward = row.direction === 'toward-server' ? 'toward the server' : 'toward the client';
  const times = [
    seenAt('client', row.clientNs, row.clientNumber),
    seenAt('server', row.serverNs, row.serverNumber),
  ];
  const delay = delayOf(row);
  const parts = [
    `Row ${index + 1}, ${(row.timeNs / 1e9).toFixed(6)} s, ${toward}, ${FATES[row.fate]}`,
    packetText(row),
    row.window === null ? '' : `window ${row.window}`,
    ...times,
    delay === null ? '' : `${formatDuration(delay)} on the way`,
    row.retransmissionOf === null ? '' : `repeats row ${row.retransmissionOf + 1}`,
  ];
  return `${parts.filter((part) => part !== '').join('; ')}.`;
}

function seenAt(end: string, ns: number | null, number: number | null): string {
  if (ns === null) return `not seen at the ${end}`;
  return `${end} packet ${number} at ${(ns / 1e9).toFixed(9)} s`;
}

/** Time on the way, ns; null for a packet that was seen at one end. */
export function delayOf({ direction, clientNs, serverNs }: LadderRow): number | null {
  if (clientNs === null || serverNs === null) return null;
  return direction === 'toward-server' ? serverNs - clientNs : clientNs - serverNs;
}
