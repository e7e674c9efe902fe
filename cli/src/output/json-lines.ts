import { formatInstant } from '@bothends/proto';

/** Lists are printed as one JSON object per line. */
export function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** A protobuf time as a UTC instant, null where it is unset (0). */
export function instantOrNull(epochNs: bigint): string | null {
  return epochNs === 0n ? null : formatInstant(epochNs);
}
