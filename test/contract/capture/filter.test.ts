import { spawnSync } from 'node:child_process';
import { type FilterContext, widenFilter } from '@bothends/agent/capture/filter';
import { compileFilter } from '@bothends/agent/capture/filter-compile';
import { pcapFileHeader, pcapRecord } from '@bothends/agent/testing/pcap-writer';
import { describe, expect, it } from 'vitest';
import { ethernet, fill, icmp, ipv4, tcp, vlanTag } from '../decode/build.js';
import { FRAMES } from '../decode/frames.js';
import { readAll, temporaryFile } from './files.js';

const { status } = spawnSync('tcpdump', ['--version'], { stdio: 'ignore' });
if (status !== 0) console.log('SKIPPED: filters: tcpdump is not installed');

const COORDINATOR = [10, 0, 0, 9];
const STRANGER = [10, 9, 9, 9];
const toCoordinator = ipv4(6, tcp(fill(8), { destinationPort: 7443 }), { destination: COORDINATOR });
/** Beside one packet of each kind: the agent's own traffic, plain and tagged, and packets of strangers. */
const PACKETS: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(
    Object.entries(FRAMES)
      .filter(([, frame]) => frame.linkType === 1)
      .map(([name, { bytes }]) => [name, bytes]),
  ),
  'own traffic': Uint8Array.from(ethernet(0x0800, toCoordinator)),
  'own traffic, tagged': Uint8Array.from(ethernet(0x8100, vlanTag(5, 0x0800, toCoordinator))),
  'icmp error to a stranger': Uint8Array.from(
    ethernet(
      0x0800,
      ipv4(1, icmp(3, 1, [0, 0, 0, 0], fill(28)), { source: STRANGER, destination: STRANGER }),
    ),
  ),
  'fragment of a stranger': Uint8Array.from(
    ethernet(0x0800, ipv4(17, fill(8), { fragment: 9, source: STRANGER })),
  ),
};
const OWN = ['own traffic', 'own traffic, tagged'];
/** Let every tagged packet through, since they see no IP in it: own traffic there is not told apart. */
const BLIND_TO_TAGS = ['', 'not tcp'];

const context: FilterContext = {
  localAddresses: ['10.77.1.1', 'fd77:1::1%eth0'],
  peerAddresses: ['10.77.4.2', 'fd77:4::2'],
  coordinatorAddresses: ['10.0.0.9'],
  coordinatorPort: 7443,
  markerPort: 0,
  linkType: 1,
};

/** Names of the packets that tcpdump lets through. */
function accepted(filter: string): Set<string> {
  const records = Object.values(PACKETS).map((bytes, i) => pcapRecord(bytes, BigInt(i) * 1000n));
  const file = temporaryFile('in.pcap', Buffer.concat([pcapFileHeader(1, 65535), ...records]));
  const out = temporaryFile('out.pcap', '');
  const args = ['-r', file, '-w', out, ...(filter === '' ? [] : ['--', filter])];
  const { status: code, stderr } = spawnSync('tcpdump', args, { encoding: 'utf8' });
  if (code !== 0) throw new Error(stderr);
  const names = Object.keys(PACKETS);
  return new Set(readAll(out).packets.map(({ timeNs }) => names[Number(timeNs / 1000n)] as string));
}

describe.skipIf(status !== 0)('a widened filter', () => {
  it.each([
    'port 9000',
    'tcp',
    'udp port 53 or tcp port 443',
    'host 10.77.4.2 and not port 80',
    'ip6',
    'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
    'vlan 42 and port 9000',
    'arp or icmp',
    'not tcp',
    '',
  ])('takes all that "%s" takes, except own traffic', async (user) => {
    const asked = accepted(user);
    const got = accepted(await widenFilter(user, context));
    for (const own of OWN) {
      asked.delete(own);
      if (!own.includes('tagged') || !BLIND_TO_TAGS.includes(user)) expect(got.has(own)).toBe(false);
    }
    expect([...asked].filter((name) => !got.has(name))).toEqual([]);
  });

  it('takes ICMP errors, later fragments and tagged packets of the host pair too', async () => {
    const got = accepted(await widenFilter('tcp port 9000', context));
    for (const name of [
      'icmp fragmentation needed',
      'icmpv6 packet too big',
      'later fragment',
      'ipv6 later fragment',
      'vlan',
    ]) {
      expect(got).toContain(name);
    }
    for (const name of [
      'icmp echo',
      'udp',
      'icmp error to a stranger',
      'fragment of a stranger',
      'dns query',
    ]) {
      expect(got).not.toContain(name);
    }
  });

  it.each([1, 101, 113, 276])('compiles for link type %i', async (linkType) => {
    const wide = await widenFilter('port 443 and host 10.77.4.2', { ...context, linkType, markerPort: 7099 });
    expect((await compileFilter(wide, linkType)).length).toBeGreaterThan(20);
  });

  it('leaves everything open where nothing is known', async () => {
    const nothing = { ...context, localAddresses: [], peerAddresses: [], coordinatorAddresses: [] };
    expect(await widenFilter('', nothing)).toBe('');
    expect(accepted(await widenFilter('tcp port 9000', nothing))).toContain('icmp error to a stranger');
  });
});

describe.skipIf(status !== 0)('a filter that does not compile', () => {
  it.each<[string, string, number]>([
    ['port 80 nonsense', 'syntax error', 8],
    ['tcp prot 80', 'syntax error', 4],
    ['host 10.0.0.1 and (port 80', 'syntax error', 26],
    ['tcp[13 & 2 != 0', 'syntax error', 11],
    ['port 80) or (port 443', 'syntax error', 7],
    ['tcp and port nosuchport', "unknown port 'nosuchport'", 13],
    ['net 10.0.0.1/8', 'non-network bits set', 4],
  ])('%s', async (filter, message, column) => {
    const error: unknown = await compileFilter(filter, 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid-argument' });
    const [first, shown, caret] = (error as Error).message.split('\n');
    expect(first).toContain(message);
    expect(shown).toBe(`  ${filter}`);
    expect(caret).toBe(`${' '.repeat(2 + column)}^`);
  });

  it.each(['-w /etc/passwd', ' -z reboot', '--help'])('is never an option: %s', async (filter) => {
    await expect(compileFilter(filter, 1)).rejects.toThrow('begins with "-"');
  });

  it('is refused before it is compiled when it is absurd', async () => {
    await expect(compileFilter('a'.repeat(5000), 1)).rejects.toThrow('5000 characters');
    await expect(compileFilter('port 80\u0000', 1)).rejects.toThrow('control character');
  });

  it('does not mind white space, and an empty one takes everything', async () => {
    expect(await compileFilter('  port\n80 ', 1)).toEqual(await compileFilter('port 80', 1));
    expect((await compileFilter('', 1)).length).toBe(1);
  });
});
