import {
  type Bytes,
  cooked,
  cooked2,
  ethernet,
  extension,
  fill,
  fragment6,
  icmp,
  ipv4,
  ipv6,
  partialChecksum,
  tcp,
  u16,
  u32,
  udp,
  vlanTag,
} from './build.js';
import { clientHello, dnsMessage, httpRequest, httpResponse, tlsRecord } from './messages.js';

/** Labels of which tshark is told that they carry Ethernet, behind a control word or not; it cannot know. */
export const PSEUDOWIRE_LABELS = { pwethnocw: 18, pwethcw: 19 } as const;

/** One packet of each kind that is decoded. */
export interface Frame {
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const frame = (linkType: number, bytes: Bytes): Frame => ({ linkType, bytes: Uint8Array.from(bytes) });
const eth4 = (ip: Bytes): Frame => frame(1, ethernet(IPV4, ip));
const eth6 = (ip: Bytes): Frame => frame(1, ethernet(IPV6, ip));

/** An IEEE 802.3 frame: a length where others have a type. */
const eth4Length = (llc: Bytes): Frame => frame(1, ethernet(llc.length, llc));

const timestamps: Bytes = [1, 1, 8, 10, ...u32(1111111), ...u32(2222222)];
const synOptions: Bytes = [2, 4, ...u16(1460), 4, 2, 8, 10, ...u32(77), ...u32(0), 1, 3, 3, 7];
const sackOptions: Bytes = [1, 1, 5, 18, ...u32(1000), ...u32(2000), ...u32(3000), ...u32(0xfffffff0)];
const inner = ipv4(6, tcp(fill(50), { options: timestamps }), { id: 99, ttl: 40 });
const innerFrame = ethernet(IPV4, inner);
const outer = { source: [192, 0, 2, 1], destination: [192, 0, 2, 2], ttl: 9 } as const;
const plain = ipv4(6, tcp(fill(9)));
/** A label stack entry, and the last one of its stack. */
const label = (n: number): Bytes => u32((n << 12) | 64);
const lastLabel = (n: number): Bytes => u32((n << 12) | 0x100 | 63);
const gre = (flags: number, type: number, ...rest: Bytes): Bytes => [...u16(flags), ...u16(type), ...rest];
const quoted = ipv4(6, tcp(fill(4)), { id: 0xbeef });

export const FRAMES: Readonly<Record<string, Frame>> = {
  'tcp data': eth4(ipv4(6, tcp(fill(100), { options: timestamps }))),
  'tcp syn': eth4(ipv4(6, tcp([], { flags: 0x0c2, options: synOptions }))),
  'tcp accurate ecn syn': eth4(ipv4(6, tcp([], { flags: 0x1c2, options: synOptions }))),
  'tcp sack': eth4(ipv4(6, tcp([], { flags: 0x10, options: sackOptions }))),
  'tcp rst': eth4(ipv4(6, tcp([], { flags: 0x14, window: 0 }), { ttl: 255, fragment: 0, id: 0 })),
  'tcp urgent': eth4(ipv4(6, tcp(fill(3), { flags: 0x38, urgent: 2 }))),
  'tcp unusual options': eth4(
    ipv4(6, tcp([], { flags: 0x02, options: [19, 18, ...fill(16), 30, 4, 0, 1, 34, 2, 253, 4, 1, 2, 0, 0] })),
  ),
  'tcp bad checksum': eth4(ipv4(6, tcp(fill(20), { checksum: 0x1111 }))),
  'tcp partial checksum': eth4(ipv4(6, tcp(fill(20), { checksum: partialChecksum(6, 40) }))),
  'ethernet padding': eth4([...ipv4(6, tcp([], { flags: 0x10 })), 0, 0, 0, 0, 0, 0]),
  'ip options': eth4(ipv4(6, tcp(fill(5)), { options: [7, 7, 4, 0, 0, 0, 0, 0], tos: 0xb9 })),
  'first fragment': eth4(ipv4(17, [...udp(fill(72))], { fragment: 0x2000 })),
  'later fragment': eth4(ipv4(17, fill(72), { fragment: 185 })),
  'super-packet without length': eth4(ipv4(6, tcp(fill(3000), { checksum: 0 }), { length: 0 })),
  vlan: frame(1, ethernet(0x8100, vlanTag(42, IPV4, ipv4(6, tcp(fill(9)))))),
  qinq: frame(1, ethernet(0x88a8, vlanTag(100, 0x8100, vlanTag(7, IPV4, ipv4(6, tcp(fill(9))))))),
  'ipv6 tcp': eth6(ipv6(6, tcp(fill(30), { family: 6, options: timestamps }), 0x12345, 0xb8)),
  'ipv6 extensions': eth6(ipv6(0, extension(60, extension(6, tcp(fill(8), { family: 6 }))))),
  'ipv6 first fragment': eth6(ipv6(44, fragment6(17, 1, 0x89abcdef, udp(fill(8), { family: 6 })))),
  'ipv6 later fragment': eth6(ipv6(44, fragment6(17, 1448, 0x89abcdef, fill(40)))),
  udp: eth4(ipv4(17, udp(fill(33)))),
  'udp without checksum': eth4(ipv4(17, udp(fill(33), { checksum: 0 }))),
  'ipv6 udp': eth6(ipv6(17, udp(fill(33), { family: 6 }))),
  'icmp echo': eth4(ipv4(1, icmp(8, 0, [...u16(77), ...u16(5)], fill(56)))),
  'icmp fragmentation needed': eth4(ipv4(1, icmp(3, 4, [0, 0, ...u16(1400)], quoted))),
  'icmp time exceeded': eth4(ipv4(1, icmp(11, 0, [0, 0, 0, 0], quoted.slice(0, 28)))),
  'icmpv6 packet too big': eth6(ipv6(58, icmp(2, 0, u32(1280), ipv6(6, tcp(fill(20), { family: 6 }))))),
  'icmpv6 echo': eth6(ipv6(58, icmp(128, 0, [...u16(78), ...u16(6)], fill(56)))),
  'dns query': eth4(
    ipv4(17, udp(dnsMessage(0xabcd, 0x0100, 'Shop.Example.COM', 28), { destinationPort: 53 })),
  ),
  'dns nxdomain': eth4(ipv4(17, udp(dnsMessage(0xabcd, 0x8183, 'shop.example.com', 28), { sourcePort: 53 }))),
  'dns over tcp': eth4(
    ipv4(6, tcp([...u16(34), ...dnsMessage(0x77, 0x0100, 'shop.example.com', 1)], { destinationPort: 53 })),
  ),
  'tls client hello': eth4(ipv4(6, tcp(clientHello('Shop.example.com'), { destinationPort: 443 }))),
  'tls alert': eth4(ipv4(6, tcp(tlsRecord(21, [2, 40]), { sourcePort: 443 }))),
  'tls encrypted alert': eth4(ipv4(6, tcp(tlsRecord(21, fill(26)), { sourcePort: 443 }))),
  'tls application data': eth4(ipv4(6, tcp(tlsRecord(23, fill(80)), { sourcePort: 443 }))),
  'http request': eth4(ipv4(6, tcp(httpRequest, { destinationPort: 80 }))),
  'http response': eth4(ipv4(6, tcp(httpResponse, { sourcePort: 80 }))),
  'llc snap': eth4Length([0xaa, 0xaa, 3, 0, 0, 0, ...u16(IPV4), ...plain]),
  'llc ip': eth4Length([6, 6, 3, ...plain]),
  'llc spanning tree': eth4Length([0x42, 0x42, 3, ...fill(35)]),
  'vlan llc snap': frame(
    1,
    ethernet(0x8100, vlanTag(42, 8 + plain.length, [0xaa, 0xaa, 3, 0, 0, 0, ...u16(IPV4), ...plain])),
  ),
  'three vlan tags': frame(
    1,
    ethernet(0x8100, vlanTag(42, 0x8100, vlanTag(43, 0x8100, vlanTag(44, IPV4, plain)))),
  ),
  'mpls ipv4': frame(1, ethernet(0x8847, [...label(16), ...lastLabel(17), ...plain])),
  'mpls ipv6': frame(1, ethernet(0x8847, [...lastLabel(17), ...ipv6(6, tcp(fill(8), { family: 6 }))])),
  'mpls pseudowire': frame(1, ethernet(0x8847, [...lastLabel(PSEUDOWIRE_LABELS.pwethnocw), ...innerFrame])),
  'mpls pseudowire with control word': frame(
    1,
    ethernet(0x8847, [...lastLabel(PSEUDOWIRE_LABELS.pwethcw), 0, 0, 0, 0, ...innerFrame]),
  ),
  'mpls in gre': eth4(ipv4(47, [...gre(0, 0x8847), ...lastLabel(20), ...plain], outer)),
  'mpls in udp': eth4(
    ipv4(17, udp([...lastLabel(21), ...plain], { destinationPort: 6635, checksum: 0 }), outer),
  ),
  'mpls in ip': eth4(ipv4(137, [...lastLabel(22), ...plain], outer)),
  pppoe: frame(1, ethernet(0x8864, [0x11, 0, ...u16(7), ...u16(plain.length + 2), 0, 0x21, ...plain])),
  'pppoe ipv6': frame(
    1,
    ethernet(0x8864, [0x11, 0, ...u16(7), ...u16(70), 0, 0x57, ...ipv6(6, tcp(fill(8), { family: 6 }))]),
  ),
  'authentication header': eth4(ipv4(51, [6, 4, 0, 0, ...fill(20), ...tcp(fill(9))])),
  'gre with key': eth4(ipv4(47, [...gre(0x2000, IPV4), ...u32(42), ...inner], outer)),
  'gre with checksum': eth4(ipv4(47, [...gre(0x8000, IPV4), 0, 0, 0, 0, ...inner], outer)),
  'gre nvgre': eth4(ipv4(47, [...gre(0x2000, 0x6558), ...u32(42), ...innerFrame], outer)),
  'gre pptp': eth4(
    ipv4(47, [...gre(0x3081, 0x880b), ...u32(7), ...u32(1), ...u32(2), 0xff, 3, 0, 0x21, ...inner], outer),
  ),
  'gre in ipv6': eth6(ipv6(47, [...gre(0, IPV4), ...inner])),
  'erspan type 1': eth4(ipv4(47, [...gre(0, 0x88be), ...innerFrame], outer)),
  'erspan type 2': eth4(
    ipv4(47, [...gre(0x1000, 0x88be), ...u32(9), ...u32(0x10640000), ...u32(0), ...innerFrame], outer),
  ),
  'erspan type 3': eth4(
    ipv4(
      47,
      [...gre(0x1000, 0x22eb), ...u32(9), ...u32(0x20640000), ...u32(5), 0, 0, 0, 0, ...innerFrame],
      outer,
    ),
  ),
  'erspan type 3 with subheader': eth4(
    ipv4(
      47,
      [
        ...gre(0x1000, 0x22eb),
        ...u32(9),
        ...u32(0x20640000),
        ...u32(5),
        0,
        0,
        0,
        1,
        ...fill(8),
        ...innerFrame,
      ],
      outer,
    ),
  ),
  'ipv4 in ipv6': eth6(ipv6(4, inner)),
  'ipv6 in ipv6': eth6(ipv6(41, ipv6(6, tcp(fill(10), { family: 6 })))),
  'vxlan group policy': eth4(
    ipv4(17, udp([0x88, 0, 0, 5, 0, 0, 5, 0, ...innerFrame], { destinationPort: 4789, checksum: 0 }), outer),
  ),
  'vxlan gpe': eth4(
    ipv4(17, udp([0x0c, 0, 0, 1, 0, 0, 5, 0, ...inner], { destinationPort: 4790, checksum: 0 }), outer),
  ),
  'gtp user packet': eth4(
    ipv4(
      17,
      udp([0x30, 255, ...u16(inner.length), ...u32(77), ...inner], { destinationPort: 2152, checksum: 0 }),
      outer,
    ),
  ),
  'gtp with extension': eth4(
    ipv4(
      17,
      udp([0x34, 255, ...u16(inner.length + 8), ...u32(77), 0, 0, 0, 0x85, 1, 0, 9, 0, ...inner], {
        destinationPort: 2152,
        checksum: 0,
      }),
      outer,
    ),
  ),
  gre: eth4(ipv4(47, [...u16(0x3000), ...u16(IPV4), ...u32(1), ...u32(2), ...inner], outer)),
  'gre bridged': eth4(ipv4(47, [...u16(0), ...u16(0x6558), ...innerFrame], outer)),
  vxlan: eth4(
    ipv4(17, udp([8, 0, 0, 0, 0, 0, 5, 0, ...innerFrame], { destinationPort: 4789, checksum: 0 }), outer),
  ),
  geneve: eth4(
    ipv4(
      17,
      udp([1, 0, 0x65, 0x58, 0, 0, 5, 0, 0, 0, 0, 0, ...innerFrame], { destinationPort: 6081, checksum: 0 }),
      outer,
    ),
  ),
  ipip: eth4(ipv4(4, inner, outer)),
  '6in4': eth4(ipv4(41, ipv6(6, tcp(fill(10), { family: 6 })), outer)),
  'linux cooked v1': frame(113, cooked(4, IPV4, ipv4(6, tcp(fill(7))))),
  'linux cooked v2': frame(276, cooked2(3, 4, IPV4, ipv4(6, tcp(fill(7))))),
  'linux cooked v2 ipv6': frame(276, cooked2(9, 0, IPV6, ipv6(17, udp(fill(7), { family: 6 })))),
  'raw ipv4': frame(101, ipv4(6, tcp(fill(7)))),
  'raw ipv6': frame(101, ipv6(6, tcp(fill(7), { family: 6 }))),
  'bsd loopback': frame(0, [2, 0, 0, 0, ...ipv4(6, tcp(fill(7)))]),
  'openbsd loopback': frame(108, [0, 0, 0, 24, ...ipv6(6, tcp(fill(7), { family: 6 }))]),
  ppp: frame(9, [0xff, 0x03, 0x00, 0x21, ...ipv4(6, tcp(fill(7)))]),
  'ppp compressed protocol': frame(9, [0xff, 0x03, 0x21, ...ipv4(6, tcp(fill(7)))]),
  'ppp over hdlc': frame(50, [0xff, 0x03, 0x00, 0x57, ...ipv6(6, tcp(fill(7), { family: 6 }))]),
  'cisco over hdlc': frame(50, [0x0f, 0, ...u16(IPV4), ...ipv4(6, tcp(fill(7)))]),
  'cisco hdlc': frame(104, [0x0f, 0, ...u16(IPV4), ...ipv4(6, tcp(fill(7)))]),
  'linktype pppoe': frame(51, [0x11, 0, ...u16(7), ...u16(49), 0, 0x21, ...ipv4(6, tcp(fill(7)))]),
  'linux cooked v1 llc': frame(113, cooked(0, 4, [0xaa, 0xaa, 3, 0, 0, 0, ...u16(IPV4), ...plain])),
  'linux cooked v2 vlan': frame(276, cooked2(3, 0, 0x8100, vlanTag(42, IPV4, plain))),
  nflog: frame(239, [2, 0, 0, 5, 8, 0, 5, 0, ...u32(3), 4 + plain.length, 0, 9, 0, ...plain]),
  'macos packet tap': frame(258, [
    ...[108, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    ...Array.from({ length: 96 }, () => 0),
    ...ethernet(IPV4, plain),
  ]),
  'macos packet tap loopback': frame(258, [
    ...[108, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    ...Array.from({ length: 96 }, () => 0),
    ...[2, 0, 0, 0],
    ...plain,
  ]),
  sctp: eth4(ipv4(132, fill(40))),
  arp: frame(1, ethernet(0x0806, fill(28))),
};
