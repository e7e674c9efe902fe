import {
  Checksum,
  formatAddress,
  Http,
  IpFlag,
  Layer,
  Mark,
  NO_LENGTH,
  type PacketTable,
  PacketType,
  TcpOption,
} from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { FRAMES } from './frames.js';
import { decodeAt, decodeFrame } from './rows.js';

const row = (name: string): PacketTable => {
  const frame = FRAMES[name];
  if (frame === undefined) throw new Error(`no frame ${name}`);
  return decodeFrame(frame);
};

describe('TCP', () => {
  it('names the option kinds of a SYN and reads all nine flags', () => {
    const syn = row('tcp accurate ecn syn');
    expect(syn.tcpFlags[0]).toBe(0x1c2);
    const all = TcpOption.mss | TcpOption.sackPermitted | TcpOption.timestamps | TcpOption.windowScale;
    expect([syn.tcpOptions[0], syn.mss[0], syn.wscale[0]]).toEqual([all, 1460, 7]);
  });

  it('tells option kinds that it does not read', () => {
    const seen = TcpOption.md5 | TcpOption.mptcp | TcpOption.fastOpen | TcpOption.other;
    expect(row('tcp unusual options').tcpOptions[0]).toBe(seen);
  });

  it('gives one digest of the option order to the same order, another to another', () => {
    const data = row('tcp data').tcpOptionOrder[0];
    expect(data).toBe(row('ipv6 tcp').tcpOptionOrder[0]);
    expect(data).not.toBe(row('tcp syn').tcpOptionOrder[0]);
    expect(row('tcp syn').tcpOptionOrder[0]).toBe(row('tcp accurate ecn syn').tcpOptionOrder[0]);
  });

  it('keeps both SACK blocks', () => {
    const ack = row('tcp sack');
    expect(ack.sackCount[0]).toBe(2);
    expect([...ack.sack.subarray(0, 4)]).toEqual([1000, 2000, 3000, 0xfffffff0]);
  });

  it('tells right, wrong and unfinished checksums apart', () => {
    expect(row('tcp data').checksum[0]).toBe(Checksum.ok);
    expect(row('tcp bad checksum').checksum[0]).toBe(Checksum.bad);
    expect(row('tcp partial checksum').checksum[0]).toBe(Checksum.partial);
    expect(row('super-packet without length').checksum[0]).toBe(Checksum.unknown);
  });

  it('does not take Ethernet padding for payload', () => {
    const ack = row('ethernet padding');
    expect([ack.payloadLength[0], ack.digestLength[0], ack.marks[0]]).toEqual([0, 0, 0]);
  });

  it('takes the length of a super-packet from the wire', () => {
    const big = row('super-packet without length');
    expect([big.ipLength[0], big.payloadLength[0], big.marks[0]]).toEqual([3040, 3000, 0]);
  });
});

describe('fragments', () => {
  it('reads ports of the first and the payload of later ones', () => {
    const first = row('first fragment');
    expect([first.layer[0], first.sourcePort[0], first.payloadLength[0]]).toEqual([
      Layer.transport,
      40000,
      72,
    ]);
    expect(first.ipFlags[0]).toBe(IpFlag.moreFragments | IpFlag.fragment);
    const later = row('later fragment');
    expect([later.layer[0], later.fragmentOffset[0], later.payloadLength[0]]).toEqual([
      Layer.network,
      1480,
      72,
    ]);
  });

  it('reads the fragment header of IPv6', () => {
    const first = row('ipv6 first fragment');
    expect([first.ipId[0], first.protocol[0], first.ipFlags[0]]).toEqual([
      0x89abcdef,
      17,
      IpFlag.moreFragments | IpFlag.fragment,
    ]);
  });
});

describe('tunnels', () => {
  it.each([
    ['gre', 47],
    ['gre bridged', 47],
    ['vxlan', 1],
    ['geneve', 2],
    ['ipip', 4],
  ])('shows the packet inside %s', (name, kind) => {
    const t = row(name);
    expect([t.tunnel[0], t.ipId[0], t.ttl[0], t.payloadLength[0]]).toEqual([kind, 99, 40, 50]);
    expect([formatAddress(t.source, 0), t.sourcePort[0], t.timestampValue[0]]).toEqual([
      '10.77.1.1',
      40000,
      1111111,
    ]);
  });

  it('gives a packet the same payload digest inside a tunnel as outside', () => {
    expect(row('vxlan').digestLow[0]).toBe(row('ipip').digestLow[0]);
    expect(row('vxlan').digestLength[0]).toBe(50);
  });
});

describe('ICMP', () => {
  it.each([['icmp fragmentation needed'], ['icmp time exceeded']])(
    'reads the packet quoted by %s',
    (name) => {
      const t = row(name);
      expect([t.quotedProtocol[0], t.quotedIpId[0], t.quotedSequence[0]]).toEqual([6, 0xbeef, 0xdeadbeef]);
      expect([formatAddress(t.quotedSource, 0), t.quotedSourcePort[0]]).toEqual(['10.77.1.1', 40000]);
      expect([formatAddress(t.quotedDestination, 0), t.quotedDestinationPort[0]]).toEqual([
        '10.77.4.2',
        9000,
      ]);
    },
  );

  it('reads the packet quoted by ICMPv6', () => {
    const t = row('icmpv6 packet too big');
    expect([t.icmpMtu[0], t.quotedProtocol[0], t.quotedDestinationPort[0]]).toEqual([1280, 6, 9000]);
    expect(formatAddress(t.quotedSource, 0)).toBe('fd77:1::1');
  });

  it('has no quote in an echo', () => {
    expect(row('icmp echo').quotedProtocol[0]).toBe(0);
  });
});

describe('names', () => {
  it('gives a DNS name and the same TLS server name one digest, whatever the case', () => {
    const names = ['dns query', 'dns nxdomain', 'dns over tcp', 'tls client hello'].map(row);
    const digests = new Set(names.map((t) => `${t.nameHigh[0]} ${t.nameLow[0]}`));
    expect(digests.size).toBe(1);
    expect(digests.has('0 0')).toBe(false);
  });

  it('says whether DNS asks or answers, and how', () => {
    expect([row('dns query').dnsFlags[0], row('dns query').dnsType[0]]).toEqual([0x0100, 28]);
    expect(row('dns nxdomain').dnsFlags[0]).toBe(0x8183);
  });
});

describe('TLS', () => {
  it('reads a plain alert and leaves an encrypted one alone', () => {
    expect([row('tls alert').tlsAlertLevel[0], row('tls alert').tlsAlert[0]]).toEqual([2, 40]);
    const encrypted = row('tls encrypted alert');
    expect([encrypted.tlsRecord[0], encrypted.tlsAlertLevel[0], encrypted.tlsAlert[0]]).toEqual([21, 0, 0]);
  });
});

describe('HTTP/1', () => {
  it('measures the head and reads status and length', () => {
    const response = row('http response');
    expect([response.httpKind[0], response.httpStatus[0], response.httpLength[0]]).toEqual([
      Http.response,
      503,
      1234,
    ]);
    expect((response.payloadLength[0] as number) - (response.httpHeadLength[0] as number)).toBe(
      'busy'.length,
    );
    const request = row('http request');
    expect([request.httpKind[0], request.httpLength[0]]).toEqual([Http.request, 17]);
  });

  it('does not believe a length that the snaplen cut', () => {
    const frame = FRAMES['http response'];
    if (frame === undefined) throw new Error('no frame');
    // Ethernet, IPv4 and TCP take 54 bytes; the digits "12" of 1234 are the last ones kept.
    const captured = 54 + 'HTTP/1.1 503 Service Unavailable\r\nServer: x\r\nCONTENT-LENGTH: 12'.length;
    const cut = decodeAt(frame, captured, new Uint8Array(captured), 0);
    expect([cut.httpStatus[0], cut.httpLength[0], cut.httpHeadLength[0]]).toEqual([503, NO_LENGTH, 0]);
  });
});

describe('links', () => {
  it('reads direction and interface of cooked captures', () => {
    const v2 = row('linux cooked v2');
    expect([v2.ifindex[0], v2.packetType[0]]).toEqual([3, PacketType.outgoing]);
    expect([row('linux cooked v1').packetType[0], row('tcp data').packetType[0]]).toEqual([
      4,
      PacketType.unknown,
    ]);
    expect(v2.sourceMac[0]).toBe(row('tcp data').sourceMac[0]);
  });

  it('keeps the outer tag of two', () => {
    expect([row('vlan').vlan[0], row('qinq').vlan[0]]).toEqual([42, 100]);
  });

  it('marks what it does not know', () => {
    expect(row('arp').marks[0]).toBe(Mark.unsupported);
    expect([row('sctp').marks[0], row('sctp').protocol[0], row('sctp').payloadLength[0]]).toEqual([
      Mark.unsupported,
      132,
      40,
    ]);
  });
});
