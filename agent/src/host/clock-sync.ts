import type { ClockSync } from '@bothends/proto/gen/bothends/v1/packet';
import type { RunTool } from './tool.js';

/** Nobody could tell. */
export const UNKNOWN_SYNC: ClockSync = { source: '', synchronised: undefined, errorNs: undefined };

/** Fields of `chronyc -c tracking`, which are separated by commas. */
const SYSTEM_TIME = 4;
const ROOT_DELAY = 10;
const ROOT_DISPERSION = 11;
const LEAP_STATUS = 13;
const FIELDS = 14;

const NS_PER_S = 1e9;

/** How the host's clock is kept right: asks chrony, which knows its error, then systemd. */
export async function readClockSync(run: RunTool): Promise<ClockSync> {
  const chrony = parseChrony((await run('chronyc', ['-c', 'tracking'])) ?? '');
  if (chrony) return chrony;
  return parseTimedatectl((await run('timedatectl', ['show'])) ?? '') ?? UNKNOWN_SYNC;
}

/** Null for what is no tracking record. The error bound is the usual one: offset, dispersion, half the delay. */
export function parseChrony(text: string): ClockSync | null {
  const fields = text.trim().split(',');
  if (fields.length < FIELDS) return null;
  const synchronised = fields[LEAP_STATUS] !== 'Not synchronised';
  const seconds =
    Math.abs(Number(fields[SYSTEM_TIME])) + Number(fields[ROOT_DISPERSION]) + Number(fields[ROOT_DELAY]) / 2;
  const bounded = synchronised && Number.isFinite(seconds);
  return {
    source: 'chrony',
    synchronised,
    errorNs: bounded ? BigInt(Math.round(seconds * NS_PER_S)) : undefined,
  };
}

/** Null where systemd does not say. */
export function parseTimedatectl(text: string): ClockSync | null {
  const synchronised = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
  if (synchronised === undefined) return null;
  return { source: 'systemd', synchronised: synchronised === 'yes', errorNs: undefined };
}
