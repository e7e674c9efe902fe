import { NOTE_CODES } from '@bothends/proto';
import type { Draft } from './rules/draft.js';

/** Flows that a note about one path is told for; what a path does to packets it does to all, and examples suffice. */
const TOLD = 16;

/**
 * Keeps a report readable where a path does the same to thousands of flows: of equal notes about the same two hosts the
 * first few stay, and each of them says of how many flows it holds (`flows`). Faults are never folded.
 */
export function foldNotes(drafts: readonly Draft[]): Draft[] {
  const groups = new Map<string, Draft[]>();
  for (const d of drafts) {
    if (!isFoldable(d)) continue;
    const key = keyOf(d);
    const group = groups.get(key);
    if (group) group.push(d);
    else groups.set(key, [d]);
  }
  const dropped = new Set<Draft>();
  for (const group of groups.values()) {
    if (group.length <= TOLD) continue;
    for (const d of group.slice(0, TOLD)) d.attributes.flows = group.length;
    for (const d of group.slice(TOLD)) dropped.add(d);
  }
  return drafts.filter((d) => !dropped.has(d));
}

const isFoldable = (d: Draft) => d.flow !== null && NOTE_CODES.has(d.code);

/** Ports differ from flow to flow, so that a note about addresses goes by the hosts alone. */
function keyOf(d: Draft): string {
  const { client, server, serverView } = d.flow ?? {};
  const hosts = [client?.address, server?.address, serverView?.client.address, serverView?.server.address];
  const change = d.code === 'nat' ? [d.attributes.kind] : [d.attributes.before, d.attributes.after];
  return JSON.stringify([d.code, d.direction, ...hosts, ...change]);
}
