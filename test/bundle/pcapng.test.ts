import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '@bothends/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOTHENDS } from '../lab/fleet.js';
import { capturePaths } from '../scenarios/captures.js';

/** One of each kind of packet: TCP with options, SACK, IPv6, UDP, ICMP errors of both families, fragments. */
const SCENARIOS = [
  'idle-reject',
  'data-loss-toward-server',
  'udp-port-closed',
  'pmtu-icmp-ignored',
  'udp-fragments',
];

const IP_FIELDS = [
  ...['ip.id', 'ip.ttl', 'ip.dsfield', 'ip.flags', 'ip.frag_offset', 'ip.len', 'ip.src', 'ip.dst'],
  ...['ipv6.hlim', 'ipv6.flow', 'ipv6.plen', 'ipv6.src', 'ipv6.dst'],
];

const TRANSPORT_FIELDS = [
  ...['tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags', 'tcp.window_size_value', 'tcp.len', 'tcp.hdr_len'],
  ...['tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport'],
  ...['tcp.options.mss_val', 'tcp.options.wscale.shift', 'tcp.options.sack_perm'],
  ...['tcp.options.timestamp.tsval', 'tcp.options.timestamp.tsecr'],
  ...['tcp.options.sack_le', 'tcp.options.sack_re'],
];

const ICMP_FIELDS = ['icmp.type', 'icmp.code', 'icmp.mtu', 'icmpv6.type', 'icmpv6.code', 'icmpv6.mtu'];

/** No state of its own is to change what Wireshark prints of a packet. */
const PLAIN = [
  'tcp.relative_sequence_numbers:FALSE',
  'ip.defragment:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
];

const missing = ['tshark', 'capinfos'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);

function tshark(file: string, filter: string, fields: readonly string[]): string[] {
  const args = ['-r', file, '-Y', filter, '-T', 'fields', '-E', 'occurrence=f'];
  for (const preference of PLAIN) args.push('-o', preference);
  for (const field of fields) args.push('-e', field);
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
}

/** Each packet as tshark prints it. Of what an ICMP error quotes, a packet record keeps little more than the tuple. */
function packetsOf(file: string, filter: string): string[][] {
  const fields = [...IP_FIELDS, ...ICMP_FIELDS, ...TRANSPORT_FIELDS];
  return tshark(file, filter, fields).map((line) => {
    const values = line.split('\t');
    const own = values.slice(0, IP_FIELDS.length + ICMP_FIELDS.length);
    return own.slice(IP_FIELDS.length).some((value) => value !== '') ? own : values;
  });
}

interface Exported {
  readonly report: Report;
  readonly file: string;
}

describe(`Wireshark reads an export${missing.length > 0 ? ` (SKIPPED: not installed: ${missing.join(', ')}; run: apt-get install -y tshark)` : ''}`, {
  skip: missing.length > 0,
  timeout: 300_000,
}, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-pcapng-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function exported(scenario: string): Exported {
    const file = join(folder, `${scenario}.pcapng`);
    const [command = '', ...args] = BOTHENDS;
    const paths = capturePaths(scenario);
    const options = ['--pcapng', file, '-o', 'json'];
    const json = execFileSync(command, [...args, 'analyze', ...paths, ...options], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { report: JSON.parse(json) as Report, file };
  }

  it.each(SCENARIOS)('%s: every field that both print is the same', (scenario) => {
    const { file } = exported(scenario);
    for (const path of capturePaths(scenario)) {
      const name = path.split('/').at(-1) ?? '';
      const original = packetsOf(path, 'ip or ipv6');
      expect(original.length).toBeGreaterThan(1);
      expect(packetsOf(file, `frame.interface_name == "${name}"`), name).toEqual(original);
    }
  });

  it('the client’s times stay, and the server’s are on the same timeline: no packet arrives before it left', () => {
    const { report, file } = exported('nat');
    const [client] = capturePaths('nat');
    expect(tshark(file, 'frame.interface_id == 0', ['frame.time_epoch'])).toEqual(
      tshark(client, 'ip or ipv6', ['frame.time_epoch']),
    );
    const { offsetNs, errorNs } = report.clock;
    expect(offsetNs).not.toBeNull();
    // Each packet is told by its id and its end.
    const times = new Map<string, number[]>();
    for (const line of tshark(file, 'tcp.srcport == 7115', [
      'ip.id',
      'frame.interface_id',
      'frame.time_relative',
    ])) {
      const [id = '', tap, time] = line.split('\t');
      if (id !== '') times.set(id, Object.assign(times.get(id) ?? [], { [Number(tap)]: Number(time) }));
    }
    const ways = [...times.values()].filter(
      ([atClient, atServer]) => atClient !== undefined && atServer !== undefined,
    );
    expect(ways.length).toBeGreaterThan(2);
    for (const [atClient, atServer] of ways) {
      expect((atClient as number) - (atServer as number)).toBeGreaterThan(-(errorNs ?? 0) / 1e9);
    }
  });

  it('a packet that a finding rests on carries the finding as a comment', () => {
    const { report, file } = exported('idle-reject');
    const [finding] = report.findings;
    const named = finding?.evidence.flatMap(({ packets }) => packets) ?? [];
    const comments = tshark(file, 'frame.comment', ['frame.comment']).filter(Boolean);
    const places = new Set(named.map(({ tap, number }) => `${tap} ${number}`));
    expect(places.size).toBeGreaterThan(0);
    expect(comments.length).toBeGreaterThanOrEqual(places.size);
    const onTheReset = tshark(file, 'frame.comment and tcp.flags.reset == 1', ['frame.comment']);
    expect(onTheReset[0]).toContain(`${finding?.id} ${finding?.code} (${finding?.grade}):`);
  });

  it('capinfos finds two interfaces, nanoseconds, statistics and the clock comment', () => {
    const { file } = exported('idle-reject');
    const { stdout, stderr, status } = spawnSync('capinfos', [file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/Number of interfaces in file: 2/);
    expect(stdout).toMatch(/Name = client\.pcap/);
    expect(stdout).toMatch(/Name = server\.pcap/);
    expect(stdout.match(/Number of stat entries = 1/g)).toHaveLength(2);
    expect(stdout).toMatch(/Time precision = nanoseconds/);
    expect(stdout).toMatch(/From times of server\.pcap -?\d+ ns were taken .* known to ±/);
  });

  it('tshark has no complaint about any packet', () => {
    const { file } = exported('data-loss-toward-server');
    const faults =
      '_ws.malformed or ip.checksum.status == "Bad" or tcp.option_kind == 255 or _ws.expert.severity >= 8388608';
    const args = ['-r', file, '-o', 'ip.check_checksum:TRUE', '-Y', faults];
    const { stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(stderr.replace(/^Running as user .*\n/gm, '')).toBe('');
    expect(readFileSync(file).length).toBeGreaterThan(1000);
  });
});
