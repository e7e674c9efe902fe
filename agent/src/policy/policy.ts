import { BothendsError, formatDuration, NS_PER_MS, parseDuration } from '@bothends/proto';

/** What the owner of a host allows to be captured on it. */
export interface Policy {
  /** Bytes of a packet that may be looked at. */
  readonly maxSnaplen: number;
  readonly maxDurationMs: number;
  /** Names of interfaces, null: all. `any` must be listed to be allowed. */
  readonly interfaces: readonly string[] | null;
  /** Only packets from or to these ports, null: all. */
  readonly ports: readonly number[] | null;
  /** Only these filters, to the letter, null: all. */
  readonly filters: readonly string[] | null;
  /** Of one tap; null: no limit. Bytes are those captured, after the snaplen. */
  readonly maxPackets: number | null;
  readonly maxBytes: number | null;
  /** Resident memory of the agent above which its taps end. */
  readonly maxMemoryBytes: number;
  /** Free space on the disk of the spools below which its taps end. */
  readonly minFreeDiskBytes: number;
  /** Niceness of the agent and its tcpdump: 0 as any program, 19 only when nobody else wants the CPU. */
  readonly nice: number;
}

/**
 * Headers of every kind fit into 256 bytes; a forgotten capture ends after ten minutes. An agent at full load takes some
 * 150 MB; what others need of the disk comes before evidence; and a little nicer than the service it watches.
 */
export const DEFAULT_POLICY: Policy = {
  maxSnaplen: 256,
  maxDurationMs: 10 * 60_000,
  interfaces: null,
  ports: null,
  filters: null,
  maxPackets: null,
  maxBytes: null,
  maxMemoryBytes: 512_000_000,
  minFreeDiskBytes: 200_000_000,
  nice: 5,
};

/** Holds headers with options and 64 bytes of payload to digest; see the capture back ends for the ring's part in it. */
export const DEFAULT_SNAPLEN = 192;

/** What a capture wants of a host. */
export interface Wish {
  readonly interface: string;
  readonly filter: string;
  /** 0: the default. */
  readonly snaplen: number;
  /** 0: as long as allowed. */
  readonly durationMs: number;
}

/**
 * The wish with defaults filled in, narrowed to what the policy allows where that can be done.
 * Throws `permission-denied` that says what was refused, what is allowed and whom to ask.
 */
export function applyPolicy(policy: Policy, host: string, wish: Wish): Wish {
  const refuse = (what: string, allowed: string, instead: string): never => {
    throw new BothendsError(
      'permission-denied',
      `policy of ${host} refuses ${what} (${allowed}): ask its owner, or ${instead}`,
    );
  };
  const snaplen = wish.snaplen || Math.min(DEFAULT_SNAPLEN, policy.maxSnaplen);
  if (snaplen > policy.maxSnaplen) {
    refuse(`snaplen ${snaplen}`, `max ${policy.maxSnaplen}`, `use -s ${policy.maxSnaplen}`);
  }
  const durationMs = wish.durationMs || policy.maxDurationMs;
  if (durationMs > policy.maxDurationMs) {
    const most = inWords(policy.maxDurationMs);
    refuse(`a duration of ${inWords(durationMs)}`, `max ${most}`, `use --duration ${most}`);
  }
  if (policy.interfaces && !policy.interfaces.includes(wish.interface)) {
    const allowed = policy.interfaces.join(', ');
    refuse(`interface ${wish.interface}`, `allowed: ${allowed}`, `use -i ${policy.interfaces[0] ?? 'NAME'}`);
  }
  if (policy.filters && !policy.filters.includes(wish.filter.trim())) {
    const allowed = policy.filters.map((filter) => `"${filter}"`).join(', ');
    refuse(`the filter "${wish.filter}"`, `allowed: ${allowed}`, 'use one of these');
  }
  return { ...wish, snaplen, durationMs, filter: narrowToPorts(wish.filter, policy.ports) };
}

/** Ports cannot be read off a filter in general, so the filter is narrowed to them; the report shows what ran. */
function narrowToPorts(filter: string, ports: readonly number[] | null): string {
  if (!ports) return filter;
  const allowed = ports.map((port) => `port ${port}`).join(' or ');
  return filter.trim() === '' ? allowed : `(${filter}) and (${allowed})`;
}

/** As options take it: `90s`, `10m`. */
function inWords(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms % 1000 === 0) return `${ms / 1000}s`;
  return formatDuration(ms * NS_PER_MS).replace(' ', '');
}

/**
 * The policy that a JSON file says: an object with any of `maxSnaplen`, `maxDuration` ("10m"), `interfaces`,
 * `ports`, `filters`, `maxPackets`, `maxBytes` ("2GB"), `maxMemory` ("512MB"), `minFreeDisk` ("200MB"), `nice`.
 * `source` names the file in errors.
 * Throws `invalid-argument` for anything else, because a policy that is half understood protects nobody.
 */
export function parsePolicy(text: string, source: string): Policy {
  const fail = (what: string): never => {
    throw new BothendsError(
      'invalid-argument',
      `policy ${source}: ${what}; the agent starts only with a valid policy`,
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('not an object');
  let policy: Policy = DEFAULT_POLICY;
  for (const [key, setting] of Object.entries(value)) {
    const read = READERS[key];
    if (!read) return fail(`unknown setting "${key}" (there are: ${Object.keys(READERS).join(', ')})`);
    const part = read(setting);
    if (!part) return fail(`"${key}" cannot be ${JSON.stringify(setting)}`);
    policy = { ...policy, ...part };
  }
  return policy;
}

/** One reader for each setting; null when it cannot be that. */
const READERS: Readonly<Record<string, (value: unknown) => Partial<Policy> | null>> = {
  maxSnaplen: (value) => (isInteger(value, 1, 262_144) ? { maxSnaplen: value } : null),
  maxDuration: (value) => durationSetting(value),
  interfaces: (value) => (isListOf(value, isText) ? { interfaces: value } : null),
  ports: (value) => (isListOf(value, isPort) ? { ports: value } : null),
  filters: (value) => (isListOf(value, isText) ? { filters: value } : null),
  maxPackets: (value) => (isInteger(value, 1, Number.MAX_SAFE_INTEGER) ? { maxPackets: value } : null),
  maxBytes: (value) => sizeSetting(value, (maxBytes) => ({ maxBytes })),
  maxMemory: (value) => sizeSetting(value, (maxMemoryBytes) => ({ maxMemoryBytes })),
  minFreeDisk: (value) => sizeSetting(value, (minFreeDiskBytes) => ({ minFreeDiskBytes })),
  nice: (value) => (isInteger(value, 0, 19) ? { nice: value } : null),
};

function durationSetting(value: unknown): Partial<Policy> | null {
  if (!isText(value)) return null;
  try {
    return { maxDurationMs: parseDuration(value) };
  } catch {
    return null;
  }
}

const UNITS: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9 };

/** `512MB`, `2GB`; a bare number is refused, because nobody remembers its unit. */
function sizeSetting(value: unknown, into: (bytes: number) => Partial<Policy>): Partial<Policy> | null {
  const [, number, unit = ''] = isText(value) ? (/^(\d+) ?(kB|MB|GB)$/.exec(value) ?? []) : [];
  const bytes = Number(number) * (UNITS[unit] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? into(bytes) : null;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isPort = (value: unknown): value is number => isInteger(value, 1, 65_535);

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.length > 0 && value.every(is);
}
