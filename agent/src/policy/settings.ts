import { isIP } from 'node:net';
import { parseDuration } from '@bothends/proto';
import { isPodPattern } from './pods.js';
import type { Policy } from './policy.js';
import { parseWindow, type TimeWindow } from './times.js';

/** How one setting of the file is read. */
interface Reader {
  /** What it takes, for errors. */
  readonly takes: string;
  /** Its part of the policy, null when the value cannot be that. */
  readonly from: (value: unknown) => Partial<Policy> | null;
}

/** One reader for each setting, by its name in the file. */
export const READERS: Readonly<Record<string, Reader>> = {
  users: {
    takes: 'a list of names in certificates',
    from: (value) => (isListOf(value, isName) ? { users: value } : null),
  },
  consent: {
    takes: 'given or ask',
    from: (value) => (value === 'given' || value === 'ask' ? { consent: value } : null),
  },
  owners: {
    takes: 'a list of names in certificates',
    from: (value) => (isListOf(value, isName) ? { owners: value } : null),
  },
  times: { takes: 'a list such as ["mon-fri 08:00-18:00", "sat 09:00-12:00"]', from: timesSetting },
  maxSnaplen: {
    // 64 bytes hold Ethernet, IPv4 and TCP without options; a packet has 262144 at most (tcpdump's own maximum).
    takes: 'a number of bytes from 64 to 262144',
    from: (value) => (isInteger(value, 64, 262_144) ? { maxSnaplen: value } : null),
  },
  maxDuration: {
    takes: 'a duration such as 10m',
    from: (value) => durationSetting(value, (maxDurationMs) => ({ maxDurationMs })),
  },
  pods: {
    takes: 'a list such as ["shop/*", "billing/api-*"], or none',
    from: (value) =>
      value === 'none' ? { pods: [] } : isListOf(value, isPodPattern) ? { pods: value } : null,
  },
  interfaces: {
    takes: 'a list of interface names',
    from: (value) => (isListOf(value, isText) ? { interfaces: value } : null),
  },
  ports: {
    takes: 'a list of ports',
    from: (value) => (isListOf(value, isPort) ? { ports: value } : null),
  },
  networks: {
    takes: 'a list of networks such as 10.0.0.0/8',
    from: (value) => (isListOf(value, isNetwork) ? { networks: value } : null),
  },
  filters: {
    takes: 'a list of pcap filters',
    from: (value) => (isListOf(value, isText) ? { filters: value } : null),
  },
  maxPackets: {
    takes: 'a number of packets',
    from: (value) => (isInteger(value, 1, Number.MAX_SAFE_INTEGER) ? { maxPackets: value } : null),
  },
  maxBytes: {
    takes: 'a size such as 2GB',
    from: (value) => sizeSetting(value, (maxBytes) => ({ maxBytes })),
  },
  maxRate: {
    takes: 'a number of packets per second',
    from: (value) => (isInteger(value, 1, Number.MAX_SAFE_INTEGER) ? { maxRate: value } : null),
  },
  names: {
    takes: 'clear, digest or none',
    from: (value) => (value === 'clear' || value === 'digest' || value === 'none' ? { names: value } : null),
  },
  rawPackets: {
    takes: 'never, keep or export',
    from: (value) =>
      value === 'never' || value === 'keep' || value === 'export' ? { rawPackets: value } : null,
  },
  maxRaw: {
    takes: 'a size such as 1GB',
    from: (value) => sizeSetting(value, (maxRawBytes) => ({ maxRawBytes })),
  },
  rawRetention: {
    takes: 'a duration such as 24h',
    from: (value) => durationSetting(value, (rawRetentionMs) => ({ rawRetentionMs })),
  },
  maxMemory: {
    takes: 'a size such as 512MB',
    from: (value) => sizeSetting(value, (maxMemoryBytes) => ({ maxMemoryBytes })),
  },
  maxSpool: {
    takes: 'a size such as 1GB',
    from: (value) => sizeSetting(value, (maxSpoolBytes) => ({ maxSpoolBytes })),
  },
  minFreeDisk: {
    takes: 'a size such as 200MB',
    from: (value) => sizeSetting(value, (minFreeDiskBytes) => ({ minFreeDiskBytes })),
  },
  nice: {
    takes: 'a number from 0 to 19',
    from: (value) => (isInteger(value, 0, 19) ? { nice: value } : null),
  },
};

function timesSetting(value: unknown): Partial<Policy> | null {
  if (!isListOf(value, isText)) return null;
  const times = value.map(parseWindow).filter((window): window is TimeWindow => window !== null);
  return times.length === value.length ? { times } : null;
}

function durationSetting(value: unknown, into: (ms: number) => Partial<Policy>): Partial<Policy> | null {
  if (!isText(value)) return null;
  try {
    return into(parseDuration(value));
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
/** As certificates carry them. */
const isName = (value: unknown): value is string =>
  isText(value) && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(value);

function isNetwork(value: unknown): value is string {
  const [, address = '', length = ''] = isText(value)
    ? (/^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(value) ?? [])
    : [];
  const family = isIP(address);
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128);
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.length > 0 && value.every(is);
}
