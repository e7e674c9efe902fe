import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { CaptureFile, CaptureFileInfo } from '@bothends/agent';
import type { TapCoverage } from '@bothends/coordinator';
import { UsageError } from '../errors.js';

/** Refuses one file given twice: nothing can be told from one end alone. */
export function refuseSameFile(paths: readonly [string, string]): void {
  const [first, second] = paths.map(resolved);
  if (first !== second) return;
  throw new UsageError(
    `both files are ${paths[0]}`,
    'Give two captures of the same traffic, one taken at each end.',
  );
}

/** The path behind links; one that does not exist stays as it is, and opening it says so. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Names of the two taps in the report: the files', with as much of the path as tells them apart. */
export function tapNames([first, second]: readonly [string, string]): [string, string] {
  const names: [string, string] = [basename(first), basename(second)];
  return names[0] === names[1] ? [first, second] : names;
}

/** What a file can vouch for; complete once it was read to its end. */
export function coverageOf(info: CaptureFileInfo): TapCoverage {
  const known = (texts: readonly (string | null)[]) => [
    ...new Set(texts.filter((t) => t !== null && t !== '')),
  ];
  return {
    backEnd: 'pcapfile',
    filter: known(info.interfaces.map((i) => i.filter)).join(' | '),
    interfaces: known(info.interfaces.map((i) => i.name)) as string[],
    snaplen: info.snaplen,
    openedNs: info.openedNs,
    closedNs: info.closedNs,
    packets: null,
    kernelDrops: info.kernelDrops,
    agentDrops: 0,
    timestamps: 'file',
    gaps: [],
    watermarkNs: null,
  };
}

/** What is wrong with a file that was read, for the user to know; the report stands on what was good. */
export function warningsAbout(file: CaptureFile): string[] {
  const { path, truncated, skippedPackets } = file.info;
  const warnings = truncated === null ? [] : [truncated];
  if (skippedPackets > 0)
    warnings.push(`${path}: ${skippedPackets} packets of a link type that is not read were left out`);
  return warnings;
}
