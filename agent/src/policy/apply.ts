import { BothendsError, formatDuration, NS_PER_MS, type PodReference, podText } from '@bothends/proto';
import { allowsPod, podsRule } from './pods.js';
import { DEFAULT_SNAPLEN, type Policy } from './policy.js';
import { msLeft } from './times.js';

/** What a capture wants of a host. */
export interface Wish {
  /** In whose network; null: the host's own. */
  readonly pod: PodReference | null;
  readonly interface: string;
  readonly filter: string;
  /** 0: the default. */
  readonly snaplen: number;
  /** 0: as long as allowed. */
  readonly durationMs: number;
  /** DNS and TLS server names are wanted in clear. */
  readonly clearNames: boolean;
  /** The packets are to be kept on the host as they are captured. */
  readonly keepRaw: boolean;
  /** Name in the certificate of who asks. */
  readonly requestedBy: string;
  /** The owner who approved; empty: nobody did. */
  readonly approvedBy: string;
}

const MS_PER_HOUR = 3_600_000;

type Refuse = (what: string, rule: string, instead: string) => never;

/**
 * The wish with defaults filled in, narrowed to what the policy allows where that can be done.
 * @param at the moment of asking, in the host's time zone
 * @throws BothendsError `permission-denied` with what was refused, the rule that refuses it and what to do
 */
export function applyPolicy(policy: Policy, host: string, wish: Wish, at: Date): Wish {
  const refuse: Refuse = (what, rule, instead) => {
    throw new BothendsError(
      'permission-denied',
      `policy of ${host} refuses ${what} (${rule}): ask its owner, or ${instead}`,
    );
  };
  checkPeople(policy, wish, refuse);
  const snaplen = wish.snaplen || Math.min(DEFAULT_SNAPLEN, policy.maxSnaplen);
  if (snaplen > policy.maxSnaplen) {
    refuse(`snaplen ${snaplen}`, `maxSnaplen: ${policy.maxSnaplen}`, `use -s ${policy.maxSnaplen}`);
  }
  checkPlace(policy, wish, refuse);
  checkFilter(policy, wish, refuse);
  const durationMs = allowedDuration(policy, wish, at, refuse);
  if (wish.keepRaw && policy.rawPackets === 'never')
    refuse('to keep raw packets', 'rawPackets: never', 'capture without --keep-raw');
  // The other host may allow them: one that does not lets them leave as it always does.
  const clearNames = wish.clearNames && policy.names === 'clear';
  return { ...wish, snaplen, durationMs, clearNames, filter: narrowFilter(wish.filter, policy) };
}

function checkPeople({ users, consent, owners }: Policy, wish: Wish, refuse: Refuse): void {
  if (users !== null && !users.includes(wish.requestedBy)) {
    refuse(
      `captures by ${wish.requestedBy || 'nobody'}`,
      `users: ${users.join(', ')}`,
      'let one of these ask',
    );
  }
  if (consent === 'given' || owners.includes(wish.approvedBy)) return;
  const approved =
    wish.approvedBy === '' ? 'a capture that no owner approved' : `approval by ${wish.approvedBy}`;
  refuse(approved, `consent: ask, owners: ${owners.join(', ')}`, 'let one of these approve it');
}

function checkPlace({ pods, interfaces }: Policy, wish: Wish, refuse: Refuse): void {
  if (wish.pod !== null) {
    if (!allowsPod(pods, wish.pod))
      refuse(podText(wish.pod), podsRule(pods), 'capture the host itself, with a filter');
    return;
  }
  if (interfaces === null || interfaces.includes(wish.interface)) return;
  const rule = `interfaces: ${interfaces.join(', ')}`;
  refuse(`interface ${wish.interface}`, rule, `use -i ${interfaces[0] ?? 'NAME'}`);
}

function checkFilter({ filters }: Policy, wish: Wish, refuse: Refuse): void {
  if (filters === null || filters.includes(wish.filter.trim())) return;
  const rule = `filters: ${filters.map((filter) => `"${filter}"`).join(', ')}`;
  refuse(`the filter "${wish.filter}"`, rule, 'use one of these');
}

/** A capture that begins at an allowed time ends with it. */
function allowedDuration({ maxDurationMs, times }: Policy, wish: Wish, at: Date, refuse: Refuse): number {
  const durationMs = wish.durationMs || maxDurationMs;
  if (durationMs > maxDurationMs) {
    const most = inWords(maxDurationMs);
    refuse(`a duration of ${inWords(durationMs)}`, `maxDuration: ${most}`, `use --duration ${most}`);
  }
  if (times === null) return durationMs;
  const left = msLeft(times, at);
  if (left === 0)
    refuse('captures now', `times: ${times.map(({ text }) => text).join(', ')}`, 'come back then');
  return Math.min(durationMs, left);
}

/** Ports and networks cannot be read off a filter in general, so it is narrowed to them; the report shows what ran. */
function narrowFilter(filter: string, { ports, networks }: Policy): string {
  const limits = [anyOf('port', ports), anyOf('net', networks)].filter((limit) => limit !== null);
  if (limits.length === 0) return filter;
  const parts = filter.trim() === '' ? limits : [filter, ...limits];
  return parts.length === 1 ? parts.join('') : parts.map((part) => `(${part})`).join(' and ');
}

function anyOf(keyword: string, values: readonly (string | number)[] | null): string | null {
  return values === null ? null : values.map((value) => `${keyword} ${value}`).join(' or ');
}

/** As options take it: `90s`, `10m`, `24h`. */
export function inWords(ms: number): string {
  if (ms > MS_PER_HOUR && ms % MS_PER_HOUR === 0) return `${ms / MS_PER_HOUR}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms % 1000 === 0) return `${ms / 1000}s`;
  return formatDuration(ms * NS_PER_MS).replace(' ', '');
}

/** As a policy takes it: `20MB`, `1GB`; bytes where it is none of these. */
export function sizeInWords(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes} bytes`;
}
