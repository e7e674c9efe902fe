import { statfsSync } from 'node:fs';
import type { Policy } from '../../policy/policy.js';

/** What an agent looks at to know how heavy a guest it is. */
export interface GuestReadings {
  /** Resident memory of the agent, bytes. */
  residentBytes(): number;
  /** Bytes free for the agent where it keeps its spools. */
  freeBytes(): number;
}

/** Readings of this process and of the disk of `directory`. */
export function guestReadings(directory: string): GuestReadings {
  return {
    residentBytes: () => process.memoryUsage.rss(),
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
  };
}

/**
 * The ceiling of the whole agent that is passed now, in words; null while none is. A disk that cannot be asked any more,
 * because somebody has removed the data directory, takes no spool either.
 */
export function ceilingPassed(policy: Policy, readings: GuestReadings): string | null {
  const resident = readings.residentBytes();
  if (resident > policy.maxMemoryBytes) {
    return `the agent takes ${inMegabytes(resident)} of memory (max ${inMegabytes(policy.maxMemoryBytes)} by the policy of its host)`;
  }
  const free = freeOf(readings);
  if (free === null) return 'its data directory cannot be read any more';
  if (free < policy.minFreeDiskBytes) {
    return `only ${inMegabytes(free)} are free on its disk (min ${inMegabytes(policy.minFreeDiskBytes)} by the policy of its host)`;
  }
  return null;
}

function freeOf(readings: GuestReadings): number | null {
  try {
    return readings.freeBytes();
  } catch {
    return null;
  }
}

const BYTES_PER_MEGABYTE = 1_000_000;

function inMegabytes(bytes: number): string {
  return `${Math.round(bytes / BYTES_PER_MEGABYTE)} MB`;
}
