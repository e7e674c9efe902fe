import { Decoder } from '@bothends/agent/decode/decoder';
import { Checksum, formatAddress, IpFlag, Layer, PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { FRAMES, type Frame } from './frames.js';
import { type Dissection, dissect, type Field, tsharkMissing } from './tshark.js';

const missing = tsharkMissing();
if (missing !== null) console.log(`SKIPPED: comparison with tshark: ${missing}`);

/** tshark's number for a checksum's state. */
const STATUS = { bad: 0, good: 1 } as const;
/** tshark gives the service tag of a double-tagged frame a field of its own. */
const SERVICE_VLAN = 100;
/** Frames whose transport header is not there to be read. */
const WITHOUT_TRANSPORT = ['later fragment', 'ipv6 later fragment', 'llc spanning tree', 'sctp', 'arp'];

describe.skipIf(missing !== null)('decode agrees with tshark', () => {
  const dissections = missing === null ? dissectAll() : new Map<string, Dissection>();

  it.each(Object.entries(FRAMES))('on %s', (name, frame) => {
    const dissection = dissections.get(name);
    if (dissection === undefined) throw new Error(`tshark did not dissect ${name}`);
    const table = decode(frame);
    const tunnelled = table.tunnel[0] !== 0;
    const expected: [Field, number | string | null][] = columns(table);
    for (const [field, value] of expected) {
      const all = dissection[field];
      const theirs = tunnelled ? all.at(-1) : all[0];
      if (value === null || theirs === undefined) continue;
      expect([field, numeric(theirs)]).toEqual([field, value]);
    }
  });

  it('reaches the transport header wherever there is one', () => {
    const short = Object.entries(FRAMES).filter(([, frame]) => decode(frame).layer[0] !== Layer.transport);
    expect(short.map(([name]) => name)).toEqual(WITHOUT_TRANSPORT);
  });

  it('is not ahead of tshark: it reaches the ports of whatever has ports here', () => {
    const ported = Object.entries(FRAMES).filter(([, frame]) =>
      [6, 17].includes(decode(frame).protocol[0] ?? 0),
    );
    const blind = ported.filter(([name, frame]) => {
      const d = dissections.get(name);
      return (
        decode(frame).layer[0] === Layer.transport && !d?.['tcp.srcport'].length && !d?.['udp.srcport'].length
      );
    });
    expect(blind.map(([name]) => name)).toEqual([]);
  });

  it('compares something for every protocol', () => {
    const seen = new Set(
      [...dissections.values()]
        .flatMap((d) => Object.entries(d).filter(([, v]) => v.length > 0))
        .map(([f]) => f),
    );
    const protocols = new Set([...seen].map((f) => f.split('.')[0]));
    expect([...protocols]).toEqual(
      expect.arrayContaining([
        'ip',
        'ipv6',
        'tcp',
        'udp',
        'icmp',
        'icmpv6',
        'dns',
        'tls',
        'http',
        'sll',
        'vlan',
      ]),
    );
  });
});

function decode(frame: Frame): PacketTable {
  const table = new PacketTable(1);
  const decoder = new Decoder({ linkType: frame.linkType });
  decoder.decode(frame.bytes, 0, frame.bytes.length, frame.bytes.length, 0, table);
  return table;
}

function dissectAll(): Map<string, Dissection> {
  const found = new Map<string, Dissection>();
  const entries = Object.entries(FRAMES);
  for (const linkType of new Set(entries.map(([, f]) => f.linkType))) {
    const ours = entries.filter(([, f]) => f.linkType === linkType);
    const dissected = dissect(
      linkType,
      ours.map(([, f]) => f.bytes),
    );
    ours.forEach(([name], i) => {
      found.set(name, dissected[i] as Dissection);
    });
  }
  return found;
}

/** The row as tshark names it; null where the column does not apply or tshark counts otherwise. */
function columns(t: PacketTable): [Field, number | string | null][] {
  const v4 = t.ipVersion[0] === 4;
  const v6 = t.ipVersion[0] === 6;
  const transport = t.layer[0] === Layer.transport;
  const tcp = transport && t.protocol[0] === 6;
  const udp = transport && t.protocol[0] === 17;
  const icmp = transport && t.protocol[0] === 1;
  const icmp6 = transport && t.protocol[0] === 58;
  const when = <T>(condition: boolean, value: T): T | null => (condition ? value : null);
  const flag = (bit: number) => (((t.ipFlags[0] as number) & bit) === 0 ? 0 : 1);
  const sack = (edge: number) => when(tcp && (t.sackCount[0] as number) > 0, t.sack[edge] as number);
  const zeroLength = t.ipLength[0] === 3040;
  return [
    ['frame.len', t.wireLength[0] as number],
    ['vlan.id', when(t.vlan[0] !== 0xffff && t.vlan[0] !== SERVICE_VLAN, t.vlan[0] as number)],
    ['ieee8021ad.id', when(t.vlan[0] !== 0xffff, t.vlan[0] as number)],
    ['ip.src', when(v4, formatAddress(t.source, 0))],
    ['ip.dst', when(v4, formatAddress(t.destination, 0))],
    ['ipv6.src', when(v6, formatAddress(t.source, 0))],
    ['ipv6.dst', when(v6, formatAddress(t.destination, 0))],
    ['ip.ttl', when(v4, t.ttl[0] as number)],
    ['ipv6.hlim', when(v6, t.ttl[0] as number)],
    ['ip.dsfield', when(v4, t.tos[0] as number)],
    ['ipv6.tclass', when(v6, t.tos[0] as number)],
    ['ip.id', when(v4, t.ipId[0] as number)],
    ['ip.flags.df', when(v4, flag(IpFlag.dontFragment))],
    ['ip.flags.mf', when(v4, flag(IpFlag.moreFragments))],
    ['ip.frag_offset', when(v4, (t.fragmentOffset[0] as number) / 8)],
    ['ip.len', when(v4 && !zeroLength, t.ipLength[0] as number)],
    ['ipv6.plen', when(v6, (t.ipLength[0] as number) - 40)],
    ['ipv6.flow', when(v6, t.flowLabel[0] as number)],
    ['ipv6.fraghdr.ident', when(v6, t.ipId[0] as number)],
    ['ipv6.fraghdr.offset', when(v6, (t.fragmentOffset[0] as number) / 8)],
    ['tcp.srcport', when(tcp, t.sourcePort[0] as number)],
    ['tcp.dstport', when(tcp, t.destinationPort[0] as number)],
    ['tcp.seq_raw', when(tcp, t.sequence[0] as number)],
    ['tcp.ack_raw', when(tcp, t.acknowledgment[0] as number)],
    ['tcp.flags', when(tcp, t.tcpFlags[0] as number)],
    ['tcp.window_size_value', when(tcp, t.window[0] as number)],
    ['tcp.urgent_pointer', when(tcp, t.urgent[0] as number)],
    ['tcp.len', when(tcp && !zeroLength, t.payloadLength[0] as number)],
    ['tcp.checksum.status', when(tcp && t.checksum[0] === Checksum.ok, STATUS.good)],
    ['tcp.checksum.status', when(tcp && t.checksum[0] === Checksum.bad, STATUS.bad)],
    ['tcp.options.mss_val', when(tcp, t.mss[0] as number)],
    ['tcp.options.wscale.shift', when(tcp, t.wscale[0] as number)],
    ['tcp.options.timestamp.tsval', when(tcp, t.timestampValue[0] as number)],
    ['tcp.options.timestamp.tsecr', when(tcp, t.timestampEcho[0] as number)],
    ['tcp.options.sack_le', sack(0)],
    ['tcp.options.sack_re', sack(1)],
    ['udp.srcport', when(udp, t.sourcePort[0] as number)],
    ['udp.dstport', when(udp, t.destinationPort[0] as number)],
    ['udp.length', when(udp, (t.payloadLength[0] as number) + 8)],
    ['udp.checksum.status', when(udp && t.checksum[0] === Checksum.ok, STATUS.good)],
    ['icmp.type', when(icmp, t.icmpType[0] as number)],
    ['icmp.code', when(icmp, t.icmpCode[0] as number)],
    ['icmp.mtu', when(icmp, t.icmpMtu[0] as number)],
    ['icmp.ident', when(icmp, t.sourcePort[0] as number)],
    ['icmp.seq', when(icmp, t.sequence[0] as number)],
    ['icmpv6.type', when(icmp6, t.icmpType[0] as number)],
    ['icmpv6.code', when(icmp6, t.icmpCode[0] as number)],
    ['icmpv6.mtu', when(icmp6, t.icmpMtu[0] as number)],
    ['dns.id', t.dnsId[0] as number],
    ['dns.flags', t.dnsFlags[0] as number],
    ['dns.qry.type', t.dnsType[0] as number],
    ['tls.record.content_type', t.tlsRecord[0] as number],
    ['tls.handshake.type', t.tlsHandshake[0] as number],
    ['tls.alert_message.level', t.tlsAlertLevel[0] as number],
    ['tls.alert_message.desc', t.tlsAlert[0] as number],
    ['http.response.code', t.httpStatus[0] as number],
    ['http.content_length', t.httpLength[0] as number],
    ['sll.ifindex', t.ifindex[0] as number],
    ['sll.pkttype', t.packetType[0] as number],
  ];
}

/** tshark prints some numbers in hex. */
function numeric(text: string): number | string {
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : text;
}
