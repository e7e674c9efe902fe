import type { CaptureFileInfo } from '@bothends/agent/files';
import { formatDuration, formatInstant, NS_PER_US, type Report } from '@bothends/proto';
import type { Tally } from './tally.js';

/** A file after its analysis. */
export interface ReadFile {
  readonly name: string;
  readonly info: CaptureFileInfo;
  readonly tally: Tally;
}

/** Bytes that hold every header that is read: two VLAN tags, a tunnel, IPv6, a full TCP header, and a payload digest. */
const SNAPLEN_NEEDED = 192;
/**
 * The packets themselves bound how long the way between both taps and back takes. Through two network stacks it takes
 * several times this, even between two namespaces of one machine.
 */
const SAME_PLACE_NS = 0.5 * NS_PER_US;

/** What lets one doubt that two files are captures of the same traffic, one from each end. */
export function doubtsAbout(files: readonly ReadFile[], report: Report): string[] {
  const doubts = files.flatMap(cutPackets);
  if (report.flows.some((flow) => flow.packets.matched > 0)) return [...doubts, ...samePlace(files, report)];
  return [...doubts, ...nothingInCommon(files)];
}

function cutPackets({ name, info, tally }: ReadFile): string[] {
  if (tally.cut === 0) return [];
  const snaplen = info.snaplen > 0 ? `, at a snaplen of ${info.snaplen}` : '';
  return [
    `${name}: ${tally.cut} of ${tally.packets} packets are cut before their TCP or UDP header${snaplen}, and tell ` +
      `nothing: capture with "tcpdump -s ${SNAPLEN_NEEDED}"`,
  ];
}

/** Packets that need no time from one end to the other were captured at one end. */
function samePlace(files: readonly ReadFile[], { clock }: Report): string[] {
  if (clock.method !== 'packets' || clock.errorNs === null || clock.errorNs >= SAME_PLACE_NS) return [];
  return [
    `${names(files)} seem to come from the same end: from one to the other and back, packets take ` +
      `${formatDuration(2 * clock.errorNs)} at most. What the path did cannot be told from them; ` +
      'give captures from both ends.',
  ];
}

function nothingInCommon(files: readonly ReadFile[]): string[] {
  const empty = files.filter(({ tally }) => tally.packets === 0);
  if (empty.length > 0) return empty.map(({ name }) => `${name} holds no packets`);
  return [`no flow is seen at both ends: ${files.map(seen).join('; ')}. ${likelyReason(files)}`];
}

function seen({ name, tally }: ReadFile): string {
  const examples = tally.examples;
  if (examples.length === 0) return `${name} holds no IP packets`;
  return `${name} saw packets between ${examples.join(', between ')}`;
}

function likelyReason(files: readonly ReadFile[]): string {
  const [first, second] = [...files].sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  if (first && second && endOf(first) < startOf(second)) {
    return (
      `By their own clocks the captures do not overlap in time: ${first.name} ends ` +
      `${formatInstant(endOf(first))}, ${second.name} begins ${formatInstant(startOf(second))}.`
    );
  }
  return 'Are these the two ends of the same traffic, captured at the same time?';
}

function startOf({ tally }: ReadFile): bigint {
  return tally.firstNs ?? 0n;
}

function endOf({ tally }: ReadFile): bigint {
  return tally.lastNs ?? 0n;
}

function names(files: readonly ReadFile[]): string {
  return files.map(({ name }) => name).join(' and ');
}
