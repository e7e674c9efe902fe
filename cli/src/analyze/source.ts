import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type CaptureFileInfo, isSupportedLinkType, linkTypeName } from '@bothends/agent/files';
import type { TapCoverage } from '@bothends/coordinator';
import { UsageError } from '../errors.js';
import { sameBytes } from './same-bytes.js';

/** A pcap file with its header only: two such captures are alike, and it is their emptiness that has to be told. */
const EMPTY_BYTES = 24;

const HINT = 'Give two captures of the same traffic, one taken at each end.';

/** Refuses one file given twice, and a copy of it: nothing can be told from one end alone. */
export function refuseSameFile(paths: readonly [string, string]): void {
  const [first, second] = paths.map(resolved) as [string, string];
  if (first === second) throw new UsageError(`both files are ${paths[0]}`, HINT);
  if (isCopy(first, second)) throw new UsageError(`${paths[1]} is a copy of ${paths[0]}`, HINT);
}

function isCopy(first: string, second: string): boolean {
  try {
    const [a, b] = [statSync(first), statSync(second)];
    return a.isFile() && b.isFile() && a.size > EMPTY_BYTES && a.size === b.size && sameBytes(first, second);
  } catch {
    // Opening it says why it cannot be read.
    return false;
  }
}

/** Looked at to tell two files apart: captures differ in their first packet. */
const HEAD_BYTES = 4096;

/**
 * The two files in an order that follows from what is in them, so that a report is the same whichever was named first: where two
 * packets at different taps have one time, it is the order of the files that decides which is looked at first. What is no
 * file cannot be looked into beforehand; then they stay as they are.
 */
export function inOneOrder([first, second]: readonly [string, string]): [string, string] {
  const [a, b] = [headOf(first), headOf(second)];
  return a !== null && b !== null && a.compare(b) > 0 ? [second, first] : [first, second];
}

function headOf(path: string): Buffer | null {
  try {
    if (!statSync(path).isFile()) return null;
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.subarray(0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch {
    // Opening it says why it cannot be read.
    return null;
  }
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
export function warningsAbout({ path, truncated, skippedPackets, linkTypes }: CaptureFileInfo): string[] {
  const warnings = truncated === null ? [] : [truncated];
  if (skippedPackets > 0) {
    const unread = linkTypes.filter((type) => !isSupportedLinkType(type)).map(linkTypeName);
    warnings.push(
      `${path}: ${skippedPackets} packets of ${unread.join(' and ')} were left out: that is not read`,
    );
  }
  return warnings;
}
