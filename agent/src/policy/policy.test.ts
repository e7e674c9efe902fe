import { describe, expect, it } from 'vitest';
import { applyPolicy, DEFAULT_POLICY, parsePolicy, type Wish } from './policy.js';

const WISH: Wish = { interface: 'any', filter: 'tcp port 443', snaplen: 0, durationMs: 0 };

describe('applyPolicy', () => {
  it('fills in defaults', () => {
    expect(applyPolicy(DEFAULT_POLICY, 'db-1', WISH)).toEqual({ ...WISH, snaplen: 192, durationMs: 600_000 });
  });

  it('refuses a snaplen above the limit with a sentence that says what to do', () => {
    expect(() => applyPolicy(DEFAULT_POLICY, 'db-1', { ...WISH, snaplen: 65_535 })).toThrow(
      'policy of db-1 refuses snaplen 65535 (max 256): ask its owner, or use -s 256',
    );
  });

  it('refuses too long a capture', () => {
    expect(() => applyPolicy(DEFAULT_POLICY, 'db-1', { ...WISH, durationMs: 3_600_000 })).toThrow(
      'policy of db-1 refuses a duration of 60m (max 10m): ask its owner, or use --duration 10m',
    );
  });

  it('refuses interfaces and filters that are not on the list', () => {
    const policy = { ...DEFAULT_POLICY, interfaces: ['eth0'], filters: ['tcp port 5432'] };
    expect(() => applyPolicy(policy, 'db-1', WISH)).toThrow('refuses interface any (allowed: eth0)');
    expect(() => applyPolicy(policy, 'db-1', { ...WISH, interface: 'eth0' })).toThrow(
      'refuses the filter "tcp port 443" (allowed: "tcp port 5432")',
    );
    const allowed = { ...WISH, interface: 'eth0', filter: 'tcp port 5432' };
    expect(applyPolicy(policy, 'db-1', allowed).filter).toBe('tcp port 5432');
  });

  it('narrows what is captured to the ports that are allowed', () => {
    const policy = { ...DEFAULT_POLICY, ports: [443, 8443] };
    expect(applyPolicy(policy, 'db-1', WISH).filter).toBe('(tcp port 443) and (port 443 or port 8443)');
    expect(applyPolicy(policy, 'db-1', { ...WISH, filter: '' }).filter).toBe('port 443 or port 8443');
  });

  it('never gives a default above its own limit', () => {
    expect(applyPolicy({ ...DEFAULT_POLICY, maxSnaplen: 96 }, 'db-1', WISH).snaplen).toBe(96);
  });
});

describe('parsePolicy', () => {
  it('reads every setting and leaves the others at their defaults', () => {
    const text = '{"maxSnaplen": 96, "maxDuration": "90s", "interfaces": ["eth0"], "ports": [443]}';
    expect(parsePolicy(text, 'p.json')).toEqual({
      ...DEFAULT_POLICY,
      maxSnaplen: 96,
      maxDurationMs: 90_000,
      interfaces: ['eth0'],
      ports: [443],
      filters: null,
    });
  });

  it('reads the ceilings that an agent keeps by itself', () => {
    const text =
      '{"maxPackets": 1000, "maxBytes": "2GB", "maxMemory": "300MB", "minFreeDisk": "500 kB", "nice": 19}';
    expect(parsePolicy(text, 'p.json')).toMatchObject({
      maxPackets: 1000,
      maxBytes: 2e9,
      maxMemoryBytes: 300e6,
      minFreeDiskBytes: 500e3,
      nice: 19,
    });
  });

  it.each([
    ['not json', 'not JSON'],
    ['[]', 'not an object'],
    ['{"snaplen": 96}', 'unknown setting "snaplen"'],
    ['{"maxSnaplen": "96"}', '"maxSnaplen" cannot be "96"'],
    ['{"maxDuration": "soon"}', '"maxDuration" cannot be "soon"'],
    ['{"maxMemory": 300}', '"maxMemory" cannot be 300'],
    ['{"nice": -5}', '"nice" cannot be -5'],
    ['{"ports": [0]}', '"ports" cannot be [0]'],
    ['{"interfaces": []}', '"interfaces" cannot be []'],
  ])('refuses %s and names the file', (text, what) => {
    expect(() => parsePolicy(text, '/etc/p.json')).toThrow(what);
    expect(() => parsePolicy(text, '/etc/p.json')).toThrow('policy /etc/p.json');
  });
});
