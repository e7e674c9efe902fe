import type { CaptureFileInfo } from '@bothends/agent/files';
import { formatInstant, NS_PER_US, type Report } from '@bothends/proto';
import type { Tally } from './tally.js';

/** A file after its analysis. */
export interface ReadFile {
  readonly name: string;
  readonly info: CaptureFileInfo;
  readonly tally: Tally;
}

/** Bytes that hold every header that is read: two VLAN tags, a tunnel, IPv6, a full TCP header, and a payload digest. */
const SNAPLEN_NEEDED = 192;
/** Through two network stacks and back a packet takes several times this, even between namespaces of one machine. */
const SAME_PLACE_NS = NS_PER_US;

/**
 * What lets one doubt that two files are captures of the same traffic, one from each end. `distanceNs`: see
 * `distanceBetween`.
 */
export function doubtsAbout(files: readonly ReadFile[], report: Report, distanceNs: number | null): string[] {
  const doubts = files.flatMap(cutPackets);
  if (report.flows.some((flow) => flow.packets.matched > 0))
    return [...doubts, ...samePlace(files, distanceNs)];
  // Two connections of one request share no packet either.
  if (report.findings.some((finding) => finding.code === 'proxy-terminated')) return doubts;
  return [...doubts, ...nothingInCommon(files)];
}

function cutPackets({ name, tally }: ReadFile): string[] {
  if (tally.cut === 0) return [];
  return [
    `${name}: ${tally.cut} of ${tally.packets} packets are cut before the end of their TCP or UDP header (after ` +
      `${tally.cutAt} bytes) and tell nothing: capture with "tcpdump -s ${SNAPLEN_NEEDED}"`,
  ];
}

/** Packets that need no time from one end to the other were captured at one end. */
function samePlace(files: readonly ReadFile[], distanceNs: number | null): string[] {
  if (distanceNs === null || distanceNs >= SAME_PLACE_NS) return [];
  return [
    `${files.map(({ name }) => name).join(' and ')} were taken at the same end: packets of both directions are in both ` +
      'at the same moment. What the path did cannot be told from them; give captures from both ends.',
  ];
}

function nothingInCommon(files: readonly ReadFile[]): string[] {
  const empty = files.filter(({ tally }) => tally.packets === 0);
  if (empty.length > 0) return empty.map(({ name }) => `${name} holds no packets`);
  return [`no flow is seen at both ends: ${files.map(seen).join('; ')}. ${likelyReason(files)}`];
}

function seen({ name, tally }: ReadFile): string {
  const examples = tally.examples;
  if (examples.length === 0) return `${name} shows no IP addresses`;
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
  return (
    'Are these the two ends of the same traffic, captured at the same time? A proxy or load balancer between them ends ' +
    'one connection and opens another: then capture on it, too, and compare each half.'
  );
}

function startOf({ tally }: ReadFile): bigint {
  return tally.firstNs ?? 0n;
}

function endOf({ tally }: ReadFile): bigint {
  return tally.lastNs ?? 0n;
}
