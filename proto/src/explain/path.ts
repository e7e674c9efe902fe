import type { VerdictCode } from '../report/codes.js';
import type { Explanation } from './types.js';

/** What the path changed about packets. */
export const PATH = {
  'payload-altered': {
    title: 'the same segment arrived with other bytes',
    meaning:
      'A device on the path changed the payload. With a correct checksum at the receiver it did so on purpose or by a bug ' +
      'in its memory, and TCP could not notice; with a bad one it is damage on a link, and TCP repairs it.',
    proof: [
      'Same flow, sequence number, length and IP ID at both taps, and different digests of the same bytes.',
      'The checksum at the receiver tells which of the two it is.',
    ],
    refutation: [
      'The two digests cover different ranges (other snaplen, cut anew).',
      'A sender’s own checksum in its own capture is filled in later by the NIC and never judged.',
    ],
    action: [
      'Checksum right: look for devices that rewrite content (ALG for FTP or SIP, proxy, WAN accelerator) and turn that off for this flow. TLS or any MAC makes it visible to the application.',
      'Checksum wrong: look for interface errors hop by hop (`ethtool -S`, CRC and symbol errors); replace cable, optic or card.',
    ],
  },
  'mss-clamped': {
    title: 'the path lowered the MSS in the SYN',
    meaning:
      'A router made both ends use smaller segments, usually to fit a tunnel. Wanted more often than not.',
    proof: ['The MSS option of the same SYN differs between the two taps.'],
    refutation: ['A SYN proxy makes a SYN of its own.'],
    action: [
      'Nothing, if the segments fit the path. If it is far below the path MTU, throughput suffers: look for an old clamp rule.',
    ],
  },
  'options-stripped': {
    title: 'the path removed TCP options from the handshake',
    meaning:
      'Window scaling, SACK, time stamps or others were taken out of the SYN. Without window scaling a connection is held to ' +
      '64 KiB per round trip; without SACK loss costs more.',
    proof: [
      'Options of the same SYN are there at the sender’s tap and missing (or overwritten by NOPs) at the receiver’s.',
    ],
    refutation: [
      'Cut by a small snaplen: then they are unknown, not missing.',
      'A SYN proxy makes a SYN of its own, with what it can do.',
    ],
    action: [
      'Look for firewalls with TCP normalisation ("clear options", Cisco `tcp-map`, PAN-OS zone protection) and let wscale, SACK and time stamps pass.',
      'For a slow transfer compute window / round trip: 64 KiB at 50 ms is 10 Mbit/s.',
    ],
  },
  'dscp-changed': {
    title: 'the path changed the DSCP marking',
    meaning:
      'The class of service that the sender marked is not the one that arrives. Queues beyond that point treat the flow as another class.',
    proof: ['The DSCP bits of the same packet differ between the two taps.'],
    refutation: ['The sender cannot change it after its own tap: the tap is the last thing before the NIC.'],
    action: [
      'Find the trust boundary (first switch port, provider edge) and make it trust or map the class as agreed.',
    ],
  },
  'ecn-bleached': {
    title: 'the path cleared the ECN bits',
    meaning:
      'ECT(0) or ECT(1) left and Not-ECT arrived, or the handshake’s ECN flags were removed. Congestion can then be told ' +
      'by loss only, and L4S does not work.',
    proof: ['The ECN bits of the same packets differ between the two taps, from ECT to Not-ECT.'],
    refutation: ['ECT turned into CE is a legitimate mark of congestion, not bleaching.'],
    action: [
      'Look for devices that rewrite the whole TOS byte when they set DSCP; they must leave the two low bits alone.',
    ],
  },
  nat: {
    title: 'addresses or ports were translated between the two taps',
    meaning:
      'The two ends see one connection under two tuples. Reports show both, so that each team finds it in its logs.',
    proof: ['Equal initial sequence number, time stamps, IP IDs and payload under different tuples.'],
    refutation: ['A proxy has sequence numbers of its own: then it is `proxy-terminated`.'],
    action: [
      'Nothing by itself. `conntrack -L` on the NAT host shows the entry; its timeouts matter for `idle-timeout`.',
    ],
  },
  'asymmetric-route': {
    title: 'the way there and the way back differ',
    meaning:
      'Packets leave by one next hop or interface and come back by another. Harmless in itself; fatal together with stateful ' +
      'firewalls that see only one direction.',
    proof: [
      'The source MAC of arriving packets is not the MAC that departing ones are sent to, or the interfaces differ.',
    ],
    refutation: [
      'Redundant gateways (VRRP, HSRP, MLAG) answer with their own MAC and receive on a virtual one.',
      'Equal hop counts prove nothing either way.',
    ],
    action: [
      'Compare `ip route get` at both ends and `traceroute` in both directions.',
      'Where a firewall is involved, make routes symmetric or synchronise its state.',
    ],
  },
  'proxy-terminated': {
    title: 'the two ends hold two different connections',
    meaning:
      'A proxy or load balancer ends the client’s connection and makes one of its own to the server. Nothing about one can ' +
      'be concluded from packets of the other; each leg has its own verdicts.',
    proof: [
      'The two connections share no sequence numbers, time stamps or IP IDs; the server’s SYN comes later; the request’s bytes are the same.',
    ],
    refutation: [
      'NAT keeps sequence numbers and time stamps.',
      'A SYN proxy shifts sequence numbers by a constant and keeps the rest.',
    ],
    action: [
      'Put a tap on the proxy and capture both legs: client to proxy, proxy to server.',
      'Its own log tells who ended which leg (nginx `$upstream_status`, HAProxy termination state, F5 reset cause).',
    ],
  },
} satisfies Partial<Record<VerdictCode, Explanation>>;
