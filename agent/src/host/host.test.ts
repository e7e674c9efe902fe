import { describe, expect, it } from 'vitest';
import { parseChrony, parseTimedatectl, readClockSync } from './clock-sync.js';
import { parseFeatures, parseLinks } from './links.js';
import { hasNetRaw } from './rights.js';
import { HostSurvey, type LimitFacts, limitsOf } from './survey.js';

/** As iproute2 6.1 prints them, shortened. */
const LINKS = JSON.stringify([
  { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK', 'UP'], link_type: 'loopback' },
  { ifname: 'eth0', xdp: { mode: 1, prog: { id: 7, tag: '3b185187f1855c4c' } }, linkinfo: {} },
  { ifname: 'veth1', link_netnsid: 0, linkinfo: { info_kind: 'veth' } },
]);

/** As ethtool 6.1 prints them, shortened. */
const FEATURES = `Features for eth0:
rx-checksumming: on
tx-checksumming: off
tcp-segmentation-offload: on
	tx-tcp-segmentation: on
generic-receive-offload: on
large-receive-offload: off [fixed]
`;

/** As chrony 4.3 prints it with -c. */
const TRACKING =
  '0A000001,10.0.0.1,3,1700000000.123456789,-0.000012000,0.000001000,0.000020000,1.5,0.001,0.1,0.002000000,0.000500000,64.2,Normal';

describe('what other programs know of a host', () => {
  it('is read from ip: XDP programs and links into other namespaces', () => {
    const links = parseLinks(LINKS);
    expect(links.get('eth0')).toEqual({ xdp: true, peerElsewhere: false });
    expect(links.get('veth1')).toEqual({ xdp: false, peerElsewhere: true });
    expect(parseLinks('{"damaged').size).toBe(0);
  });

  it('is read from ethtool: offloads that are on', () => {
    expect(parseFeatures(FEATURES)).toEqual(['tso', 'gro']);
  });

  it('is read from chrony, with the bound on its error', () => {
    // 12 µs off, 500 µs dispersion, half of 2 ms delay.
    expect(parseChrony(TRACKING)).toEqual({ source: 'chrony', synchronised: true, errorNs: 1_512_000n });
    const lost = parseChrony(TRACKING.replace('Normal', 'Not synchronised'));
    expect(lost).toEqual({ source: 'chrony', synchronised: false, errorNs: undefined });
    expect(parseChrony('506 Cannot talk to daemon')).toBeNull();
  });

  it('is read from systemd where there is no chrony, and stays unknown without both', async () => {
    expect(parseTimedatectl('NTP=yes\nNTPSynchronized=no\n')?.synchronised).toBe(false);
    const sync = await readClockSync(async () => null);
    expect(sync).toEqual({ source: '', synchronised: undefined, errorNs: undefined });
  });

  it('is the right to capture', () => {
    expect(hasNetRaw('CapEff:\t0000000000002000\n')).toBe(true);
    expect(hasNetRaw('CapEff:\t0000000000000000\n')).toBe(false);
    expect(hasNetRaw('')).toBeNull();
  });
});

const PLAIN: LimitFacts = {
  links: new Map([['eth0', { xdp: false, peerElsewhere: false, offloads: [] }]]),
  clockSync: { source: 'chrony', synchronised: true, errorNs: 1n },
  netRaw: true,
  ownNamespace: '1',
  hostNamespace: '1',
};
const eth0 = (details: object) =>
  new Map([['eth0', { xdp: false, peerElsewhere: false, offloads: [], ...details }]]);

describe('what cannot be seen from a host', () => {
  it('is nothing on a plain one', () => {
    expect(limitsOf(PLAIN)).toEqual([]);
  });

  it.each<[string, Partial<LimitFacts>, RegExp]>([
    ['rights', { netRaw: false }, /CAP_NET_RAW.*AmbientCapabilities/],
    ['a container around the agent', { ownNamespace: '2' }, /namespace of its own.*--network host/],
    ['XDP', { links: eth0({ xdp: true }) }, /XDP program runs on eth0.*xdp off/],
    [
      'containers',
      { links: eth0({ peerElsewhere: true }) },
      /eth0 leads into other network namespaces.*pod\/NAMESPACE\/NAME.*--netns/,
    ],
    ['offload', { links: eth0({ offloads: ['tso', 'gro'] }) }, /eth0 merges.*ethtool -K eth0 gro off/],
    ['no ethtool', { links: eth0({ offloads: null }) }, /ethtool is missing/],
    [
      'a free clock',
      { clockSync: { source: 'systemd', synchronised: false, errorNs: undefined } },
      /not synchronised/,
    ],
  ])('is said for %s, with the way to change it', (_what, facts, words) => {
    const limits = limitsOf({ ...PLAIN, ...facts });
    expect(limits).toHaveLength(1);
    expect(limits[0]).toMatch(words);
  });
});

describe('a survey', () => {
  it('adds to an interface what it found, and knows nothing before', async () => {
    const outputs: Record<string, string> = { ip: LINKS, ethtool: FEATURES, chronyc: TRACKING };
    const survey = new HostSurvey(
      () => ['eth0'],
      async (program) => outputs[program] ?? null,
    );
    const state = { name: 'eth0', index: 2, up: true, mtu: 1500, xdp: false, offloads: [], addresses: [] };
    expect(survey.describe(state)).toEqual(state);
    await survey.refresh();
    expect(survey.describe(state)).toEqual({ ...state, xdp: true, offloads: ['tso', 'gro'] });
    expect(survey.clockSync.source).toBe('chrony');
  });
});
