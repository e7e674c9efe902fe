import { formatInstant, msOf } from '@bothends/proto';
import type { Authority, Dependent, GetAuthoritiesResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { instantOrNull } from '../output/json-lines.js';
import { printable } from './layout.js';
import { columns } from './users.js';

/** The authorities, and under them who depends on one that goes or is gone. `nowMs` is the wall clock, epoch ms. */
export function authoritiesText(
  { issuing, outgoing, dependents }: GetAuthoritiesResponse,
  nowMs: number,
): string {
  const authorities = [line('issuing', issuing), line('outgoing', outgoing)].filter((row) => row.length > 0);
  const text = columns([['', 'AUTHORITY', 'EXPIRES', 'HASH'], ...authorities]);
  if (dependents.length === 0)
    return outgoing === undefined ? text : `${text}\nNobody depends on the outgoing one.\n`;
  const rows = dependents.map((each) => [
    each.kind,
    printable(each.name),
    printable(each.authority),
    advice(each, each.authority === outgoing?.name, nowMs),
  ]);
  return `${text}\n${columns([['WHO', 'NAME', 'DEPENDS ON', 'WHAT HAPPENS'], ...rows])}`;
}

/** The same as one object. */
export function authoritiesObject({ issuing, outgoing, dependents }: GetAuthoritiesResponse): object {
  return {
    issuing: authorityObject(issuing),
    outgoing: authorityObject(outgoing),
    dependents: dependents.map(({ kind, name, authority, online, lastSeenNs }) => ({
      kind,
      name,
      authority,
      online,
      lastSeenAt: instantOrNull(lastSeenNs),
    })),
  };
}

/** What those have to do whom a retired authority left behind, a line each. */
export function leftBehind(dependents: readonly Dependent[]): string[] {
  return dependents.map(({ kind, name }) =>
    kind === 'agent'
      ? `agent ${printable(name)} has to join again: bothends join-token --name ${printable(name)}`
      : `user ${printable(name)} needs a new context file: bothends user add ${printable(name)} --role …`,
  );
}

function line(place: string, authority: Authority | undefined): string[] {
  if (authority === undefined) return [];
  return [place, authority.name, formatInstant(authority.expiresNs).slice(0, 10), authority.caHash];
}

/** @param isOutgoing the authority is trusted still */
function advice({ kind, online, lastSeenNs }: Dependent, isOutgoing: boolean, nowMs: number): string {
  if (!isOutgoing) return kind === 'agent' ? 'has to join again' : 'needs a new context file';
  if (kind === 'user') return 'renews with the next command (one of this version)';
  if (online) return 'connected: renews within a moment, unless it is of an older version';
  const days = Math.floor((nowMs - msOf(lastSeenNs)) / 86_400_000);
  const seen = lastSeenNs === 0n ? 'never seen' : `last seen ${days === 0 ? 'today' : `${days} days ago`}`;
  return `offline, ${seen}: renews when it comes back before the authority is retired, else has to join again`;
}

function authorityObject(authority: Authority | undefined): object | null {
  if (authority === undefined) return null;
  return { name: authority.name, caHash: authority.caHash, expiresAt: formatInstant(authority.expiresNs) };
}
