import { formatDuration } from '../time/nanoseconds.js';
import type { Endpoint, Finding, FlowReport } from './types.js';

/** The vocabulary that every way to show a report shares. */

/** `12 034`: digits in groups of three. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** `1 packet`, `2 packets`. */
export function counted(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** `10.0.0.1:443`, `[fd00::1]:443`; without the port where there is none (ICMP). */
export function endpoint(end: Endpoint): string {
  const address = end.address.includes(':') && end.port !== 0 ? `[${end.address}]` : end.address;
  return end.port === 0 ? address : `${address}:${end.port}`;
}

/** `10.0.0.1:40000 → 10.0.0.2:443`. */
export function tuple(flow: FlowReport): string {
  return `${endpoint(flow.client)} → ${endpoint(flow.server)}`;
}

/** What a reader may want to know of a flow beside its ends, in phrases: another tuple at the server, names. */
export function asides(flow: FlowReport): string[] {
  return [...translated(flow), ...named(flow)];
}

/** Where NAT makes it another tuple. */
function translated({ serverView }: FlowReport): string[] {
  if (serverView === null) return [];
  return [`at the server it is ${endpoint(serverView.client)} → ${endpoint(serverView.server)}`];
}

function named({ names = [] }: FlowReport): string[] {
  return names.length === 0 ? [] : [`names in it: ${names.join(', ')}`];
}

/** `toward the server · sender: path · blame: path · cause: abort`: what a finding says in fields. */
export function fields(finding: Finding): string[] {
  const said: string[] = [];
  if (finding.direction === 'both') said.push('toward both ends');
  else if (finding.direction) said.push(`toward the ${finding.direction.slice('toward-'.length)}`);
  if (finding.sender) said.push(`sender: ${finding.sender}`);
  if (finding.cause) said.push(`cause: ${finding.cause}`);
  said.push(`blame: ${finding.blame}`);
  return said;
}

/** `(client packets 5, 7; server packet 3)` for the packets that an item of evidence rests on; '' for none. */
export function packetNumbers(item: Finding['evidence'][number]): string {
  const byTap = new Map<string, number[]>();
  for (const packet of item.packets) {
    byTap.set(packet.tap, [...(byTap.get(packet.tap) ?? []), packet.number]);
  }
  const parts = [...byTap].map(([tap, numbers]) => `${tap} ${numberList(numbers)}`);
  return parts.length > 0 ? `(${parts.join('; ')})` : '';
}

/** Packet numbers named before the rest is only counted. */
const NUMBERS_SHOWN = 4;

function numberList(numbers: readonly number[]): string {
  const shown = numbers.slice(0, NUMBERS_SHOWN).map((n) => `#${n}`);
  const rest = numbers.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** `3.2 ms ± 120 µs`. */
export function plusMinus(ns: number, errorNs: number | null): string {
  return errorNs === null ? formatDuration(ns) : `${formatDuration(ns)} ± ${formatDuration(errorNs)}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}
