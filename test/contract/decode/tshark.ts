import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcapFileHeader, pcapRecord } from '@bothends/agent/testing/pcap-writer';
import { PSEUDOWIRE_LABELS } from './frames.js';

/** Fields asked of tshark; a value is null where it printed none. */
const FIELDS = [
  'frame.len',
  'ieee8021ad.id',
  'vlan.id',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'ip.ttl',
  'ipv6.hlim',
  'ip.dsfield',
  'ipv6.tclass',
  'ip.id',
  'ip.flags.df',
  'ip.flags.mf',
  'ip.frag_offset',
  'ip.len',
  'ipv6.plen',
  'ipv6.flow',
  'ipv6.fraghdr.ident',
  'ipv6.fraghdr.offset',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.window_size_value',
  'tcp.urgent_pointer',
  'tcp.len',
  'tcp.checksum.status',
  'tcp.options.mss_val',
  'tcp.options.wscale.shift',
  'tcp.options.timestamp.tsval',
  'tcp.options.timestamp.tsecr',
  'tcp.options.sack_le',
  'tcp.options.sack_re',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
  'udp.checksum.status',
  'icmp.type',
  'icmp.code',
  'icmp.mtu',
  'icmp.ident',
  'icmp.seq',
  'icmpv6.type',
  'icmpv6.code',
  'icmpv6.mtu',
  'dns.id',
  'dns.flags',
  'dns.qry.type',
  'tls.record.content_type',
  'tls.handshake.type',
  'tls.alert_message.level',
  'tls.alert_message.desc',
  'http.response.code',
  'http.content_length',
  'sll.ifindex',
  'sll.pkttype',
] as const;

export type Field = (typeof FIELDS)[number];
/** All occurrences of each field of one packet, outermost first. */
export type Dissection = Readonly<Record<Field, readonly string[]>>;

const PREFERENCES = [
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'tcp.relative_sequence_numbers:FALSE',
  'tcp.check_checksum:TRUE',
  'udp.check_checksum:TRUE',
  'tcp.desegment_tcp_streams:FALSE',
  'tcp.try_heuristic_first:TRUE',
];

/** Why tshark cannot be asked; null when it can. */
export function tsharkMissing(): string | null {
  const { status } = spawnSync('tshark', ['--version'], { stdio: 'ignore' });
  return status === 0 ? null : 'tshark is not installed';
}

/** What tshark says about packets of one link type. */
export function dissect(linkType: number, packets: readonly Uint8Array[]): Dissection[] {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-tshark-'));
  try {
    const file = join(folder, 'packets.pcap');
    const records = packets.map((packet, i) => pcapRecord(packet, BigInt(i)));
    writeFileSync(file, Buffer.concat([pcapFileHeader(linkType, 262144), ...records]));
    const labels = Object.entries(PSEUDOWIRE_LABELS);
    const options = [
      ...labels.flatMap(([what, label]) => ['-d', `mpls.label==${label},${what}`]),
      ...PREFERENCES.flatMap((p) => ['-o', p]),
      ...FIELDS.flatMap((f) => ['-e', f]),
    ];
    const args = ['-n', '-r', file, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|', ...options];
    const { stdout, stderr, status } = spawnSync('tshark', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`tshark failed: ${stderr}`);
    return stdout.replace(/\n$/, '').split('\n').map(readLine);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readLine(line: string): Dissection {
  const values = line.split('\t');
  const entries = FIELDS.map((field, i) => [field, (values[i] ?? '').split('|').filter((v) => v !== '')]);
  return Object.fromEntries(entries) as Dissection;
}
