import { describe, expect, it } from 'vitest';
import { applyPolicy, type Wish } from './apply.js';
import { parsePolicy } from './parse.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';
import { msLeft, parseWindow } from './times.js';

const WISH: Wish = {
  pod: null,
  interface: 'any',
  filter: 'tcp port 443',
  snaplen: 0,
  durationMs: 0,
  clearNames: false,
  keepRaw: false,
  requestedBy: 'alice',
  approvedBy: '',
};
/** A Friday, in the time zone of whoever runs the test. */
const FRIDAY_NOON = new Date(2026, 10, 20, 12, 0, 0);

function allowed(change: Partial<Policy>, wish: Partial<Wish> = {}, at = FRIDAY_NOON): Wish {
  return applyPolicy({ ...DEFAULT_POLICY, ...change }, 'db-1', { ...WISH, ...wish }, at);
}

describe('applyPolicy', () => {
  it('fills in safe defaults', () => {
    expect(allowed({})).toEqual({ ...WISH, snaplen: 192, durationMs: 600_000 });
  });

  it.each<[string, Partial<Policy>, Partial<Wish>, string]>([
    [
      'maxSnaplen',
      {},
      { snaplen: 65_535 },
      'refuses snaplen 65535 (maxSnaplen: 192): ask its owner, or use -s 192',
    ],
    [
      'maxDuration',
      {},
      { durationMs: 3_600_000 },
      'refuses a duration of 60m (maxDuration: 10m): ask its owner, or use --duration 10m',
    ],
    ['interfaces', { interfaces: ['eth0'] }, {}, 'refuses interface any (interfaces: eth0)'],
    [
      'pods',
      {},
      { pod: { namespace: 'shop', name: 'web-7f9' } },
      'refuses pod/shop/web-7f9 (pods: none): ask its owner, or capture the host itself',
    ],
    [
      'pods of another namespace',
      { pods: ['shop/*'] },
      { pod: { namespace: 'shop-2', name: 'web-7f9' } },
      'refuses pod/shop-2/web-7f9 (pods: shop/*)',
    ],
    [
      'pods whose namespace nobody knows',
      { pods: ['shop/web-*'] },
      { pod: { namespace: '', name: 'web-7f9' } },
      'refuses pod/web-7f9 (pods: shop/web-*)',
    ],
    [
      'rawPackets',
      {},
      { keepRaw: true },
      'refuses to keep raw packets (rawPackets: never): ask its owner, or capture without --keep-raw',
    ],
    ['filters', { filters: ['udp'] }, {}, 'refuses the filter "tcp port 443" (filters: "udp")'],
    ['users', { users: ['bob'] }, {}, 'refuses captures by alice (users: bob)'],
    [
      'consent',
      { consent: 'ask', owners: ['olga'] },
      {},
      'refuses a capture that no owner approved (consent: ask, owners: olga)',
    ],
    [
      'owners',
      { consent: 'ask', owners: ['olga'] },
      { approvedBy: 'alice' },
      'refuses approval by alice (consent: ask, owners: olga)',
    ],
  ])('refuses by the rule %s and names it', (_, policy, wish, sentence) => {
    expect(() => allowed(policy, wish)).toThrow(`policy of db-1 ${sentence}`);
  });

  it('lets in who is named, and what an owner approved', () => {
    const policy: Partial<Policy> = { users: ['alice'], consent: 'ask', owners: ['olga'] };
    expect(allowed(policy, { approvedBy: 'olga' }).filter).toBe('tcp port 443');
  });

  it('narrows what is captured to the ports and networks that are allowed', () => {
    const ports = [443, 8443];
    expect(allowed({ ports }).filter).toBe('(tcp port 443) and (port 443 or port 8443)');
    expect(allowed({ ports }, { filter: '' }).filter).toBe('port 443 or port 8443');
    expect(allowed({ ports: [443], networks: ['10.0.0.0/8', '2001:db8::/32'] }, { filter: '' }).filter).toBe(
      '(port 443) and (net 10.0.0.0/8 or net 2001:db8::/32)',
    );
  });

  it('lets names leave in clear only where it says so and the capture asks for it', () => {
    const leave = (names: Policy['names'], clearNames: boolean) =>
      allowed({ names }, { clearNames }).clearNames;
    expect([leave('clear', true), leave('clear', false)]).toEqual([true, false]);
    expect([leave('digest', true), leave('none', true)]).toEqual([false, false]);
  });

  it('never gives a default above its own limit', () => {
    expect(allowed({ maxSnaplen: 96 }).snaplen).toBe(96);
  });

  it('captures only at allowed times, and not beyond them', () => {
    const times = ['mon-fri 08:00-12:05']
      .map((text) => parseWindow(text))
      .filter((window) => window !== null);
    expect(allowed({ times }).durationMs).toBe(5 * 60_000);
    expect(() => allowed({ times }, {}, new Date(2026, 10, 21, 12, 0, 0))).toThrow(
      'refuses captures now (times: mon-fri 08:00-12:05)',
    );
  });
});

describe('a time window', () => {
  it.each([
    ['08:00-18:00', FRIDAY_NOON, 6 * 60],
    ['fri-mon 00:00-24:00', FRIDAY_NOON, 12 * 60],
    ['sat-thu 00:00-24:00', FRIDAY_NOON, 0],
    ['12:00-12:01', FRIDAY_NOON, 1],
    ['11:00-12:00', FRIDAY_NOON, 0],
  ])('%s', (text, at, minutes) => {
    const window = parseWindow(text);
    expect(window && msLeft([window], at)).toBe(minutes * 60_000);
  });

  it.each(['8-18', '08:00-07:00', 'xyz 08:00-09:00', '08:00-24:01', '08:61-09:00', ''])(
    'cannot be "%s"',
    (text) => {
      expect(parseWindow(text)).toBeNull();
    },
  );
});

describe('parsePolicy', () => {
  it('reads every setting and leaves the others at their defaults', () => {
    const text = `
# Who may look
users: [alice, bob]
consent: ask
owners: [olga]
maxSnaplen: 96   # headers
maxDuration: 90s
interfaces:
  - eth0
ports: [443]
networks: [10.0.0.0/8, "2001:db8::/32"]
times: ["mon-fri 08:00-18:00"]
names: none
rawPackets: never
`;
    expect(parsePolicy(text, 'p.yaml')).toMatchObject({
      ...DEFAULT_POLICY,
      users: ['alice', 'bob'],
      consent: 'ask',
      owners: ['olga'],
      maxSnaplen: 96,
      maxDurationMs: 90_000,
      interfaces: ['eth0'],
      ports: [443],
      networks: ['10.0.0.0/8', '2001:db8::/32'],
      times: [{ from: 480, to: 1080 }],
      names: 'none',
    });
  });

  it('reads the ceilings that an agent keeps by itself', () => {
    const text =
      'maxPackets: 1000\nmaxBytes: 2GB\nmaxMemory: 300MB\nminFreeDisk: 500 kB\nmaxSpool: 2MB\nnice: 19\nmaxRate: 50000';
    expect(parsePolicy(text, 'p.yaml')).toMatchObject({
      maxPackets: 1000,
      maxBytes: 2e9,
      maxMemoryBytes: 300e6,
      minFreeDiskBytes: 500e3,
      maxSpoolBytes: 2e6,
      nice: 19,
      maxRate: 50_000,
    });
  });

  it('reads what may be kept of packets themselves, and for how long', () => {
    const text = 'names: clear\nrawPackets: export\nmaxRaw: 50MB\nrawRetention: 2h';
    expect(parsePolicy(text, 'p.yaml')).toMatchObject({
      names: 'clear',
      rawPackets: 'export',
      maxRawBytes: 50e6,
      rawRetentionMs: 7_200_000,
    });
  });

  it('takes an empty file and the JSON of earlier versions', () => {
    expect(parsePolicy('# nothing\n', 'p.yaml')).toEqual(DEFAULT_POLICY);
    expect(parsePolicy('{"maxSnaplen": 96}', 'p.json').maxSnaplen).toBe(96);
  });

  it.each([
    ['[1', 'not YAML'],
    ['[]', 'not a mapping'],
    ['snaplen: 96', 'line 1: unknown setting "snaplen"'],
    ['nice: 1\nmaxSnaplen: "96"', 'line 2: "maxSnaplen" cannot be "96"; it is a number of bytes from 64'],
    ['maxSnaplen: 96\nmaxSnaplen: 200', 'not YAML'],
    ['maxDuration: soon', '"maxDuration" cannot be "soon"'],
    ['maxMemory: 300', '"maxMemory" cannot be 300'],
    ['nice: -5', '"nice" cannot be -5'],
    ['ports: [0]', '"ports" cannot be [0]'],
    ['interfaces: []', '"interfaces" cannot be []'],
    ['networks: [10.0.0.0/33]', '"networks" cannot be ["10.0.0.0/33"]'],
    ['networks: ["0/0 or port 1"]', '"networks" cannot be'],
    ['names: plain', '"names" cannot be "plain"; it is clear, digest or none'],
    ['rawPackets: always', 'never, keep or export'],
    ['maxRaw: 100', '"maxRaw" cannot be 100'],
    ['consent: ask', 'needs "owners"'],
    ['__proto__: {}', 'unknown setting "__proto__"'],
    ['a: &x [1]\nusers: *x', 'unknown setting "a"'],
    ['users: !!js/function "x"', 'not YAML'],
  ])('refuses %s and names the file', (text, what) => {
    expect(() => parsePolicy(text, '/etc/p.yaml')).toThrow(what);
    expect(() => parsePolicy(text, '/etc/p.yaml')).toThrow('policy /etc/p.yaml');
  });

  it('refuses a file that grows when its aliases are followed', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((k, i) => `${k}: &${k} [${`*${'abcdefgh'[i]},`.repeat(9)}]`),
    ];
    expect(() => parsePolicy(`${bomb.join('\n')}\n`, 'p.yaml')).toThrow('policy p.yaml');
  });
});
