import type { VerdictCode } from '../report/codes.js';
import type { Explanation } from './types.js';

/** Packets that went missing, came late, or came twice. */
export const LOSS = {
  'data-loss': {
    title: 'segments with data died on the path',
    meaning:
      'Data left one host and did not reach the other. `direction` says which way, `sent` and `lost` how much. TCP repairs ' +
      'it at the price of delay: each loss costs at least a round trip, a loss at the end of a message some 200 ms or more. ' +
      'With `cutOffMs` nothing arrived any more from one moment on, for so long: the path was cut, it is not lossy. ' +
      'With `outageMs` all of it was lost within that time, and then packets passed again.',
    proof: [
      'Each lost segment is in the sender’s capture and not in the receiver’s, which had complete coverage.',
      'The receiver asks for it again (duplicate ACKs, SACK), and the sender repeats it.',
    ],
    refutation: [
      'The receiver’s tap dropped packets; then it is its own loss, not the path’s.',
      'It was dropped below the receiver’s tap: ring of the NIC (`ethtool -S`), XDP.',
      'Segments cut anew on the way: the bytes arrived in other packets.',
    ],
    action: [
      'Compare the directions and the other flows: all lossy means a link or a policer, one flow means one of several equal paths.',
      'Loss in bursts at high rate is a full queue or a policer: look at drop counters of the slowest link on the way (`tc -s qdisc`, interface discards).',
      'Even loss independent of size and rate is a bad cable, optic or radio link: look at CRC errors of interfaces.',
      'Only large segments lost: see `bothends explain pmtu-black-hole`.',
    ],
  },
  'ack-loss': {
    title: 'acknowledgments died on the path',
    meaning:
      'The data arrived, and the news of it did not. ACKs add up, so single losses do no harm; long runs stop the sender and ' +
      'make it repeat what had arrived.',
    proof: [
      'The ACKs are in the receiver’s capture, leaving, and not in the sender’s, which had complete coverage.',
      'Retransmissions whose originals had been delivered (DSACK confirms).',
    ],
    refutation: [
      'A device that thins out ACKs on purpose (cable and radio uplinks do): the later ones cover the rest.',
      'GRO or the tap merged them: compare the highest acknowledgment, not the count.',
    ],
    action: [
      'Look at the narrow direction of asymmetric links: an upload that fills the queue starves the ACKs of a download. Smart queueing (fq_codel, cake) there cures it.',
      'Otherwise as with `data-loss`, in the other direction.',
    ],
  },
  'loss-in-sender': {
    title: 'the segment was lost inside the sending host, before its own tap',
    meaning:
      'What the sender’s own tap first saw of these bytes is a retransmission: the original never got out of the host. ' +
      'The network is not to blame.',
    proof: [
      'The first copy of a byte range at the sender’s tap is a retransmission (time stamp or IP ID skips one), and no other copy arrived.',
      'On the sender the qdisc counts drops or `nstat -az TcpExtTCPRetransFail` grows.',
    ],
    refutation: ['The sender’s tap dropped the original.', 'The original left by another interface.'],
    action: [
      '`tc -s qdisc show` on the sender: dropped and overlimits. Raise the limit or the rate of tbf, htb or netem; prefer fq or fq_codel.',
      'Check OUTPUT and egress rules of nft, and cgroup or container bandwidth limits.',
    ],
  },
  'pmtu-black-hole': {
    title: 'packets above a certain size die, and nobody tells the sender',
    meaning:
      'A link on the path carries smaller packets than the sender believes, and the ICMP message that should say so does not ' +
      'come or is not heeded. Small requests work and large answers hang. The path MTU lies between `mtuMin` and `mtuMax`.',
    proof: [
      'Every transmission above a size is lost, over several timeouts, while smaller ones in between are delivered.',
      'cause icmp-filtered: no ICMP "fragmentation needed" (3/4) or "packet too big" (ICMPv6 type 2) reaches the sender, whose tap would have seen it.',
      'cause icmp-ignored: it reaches the sender’s tap, and the sender keeps the size.',
    ],
    refutation: [
      'Ordinary loss hits small packets as well.',
      'A policer prefers bursts, and large packets come in bursts: lost ones must have travelled alone too.',
      'Frames larger than the MTU in a capture are offload (TSO, GRO) and say nothing.',
    ],
    action: [
      'Confirm: `ping -M do -s SIZE HOST` (SIZE = MTU − 28; IPv6 − 48) and `tracepath HOST`.',
      'At once, on the router of the narrow link: clamp the MSS, `nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu`.',
      'On a sender that you own: `sysctl -w net.ipv4.tcp_mtu_probing=1`, or a route with a smaller mtu (`ip route change … mtu 1400`).',
    ],
    actionByCause: {
      'icmp-filtered':
        'Allow ICMP type 3 code 4 and ICMPv6 type 2 on every firewall between the narrow link and the sender; until then clamp the MSS on the router of that link: `nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu`.',
      'icmp-ignored':
        'Allow ICMP type 3 code 4 and ICMPv6 type 2 in the sender’s own firewall; `ip route get PEER` must then show an mtu.',
    },
  },
  reordering: {
    title: 'packets overtook each other on the path',
    meaning:
      'Packets of one flow arrived in another order than they left. A little does no harm; much looks like loss to TCP and ' +
      'makes it retransmit and slow down.',
    proof: [
      'Matched packets have another order at the receiver’s tap than at the sender’s, beyond what taps themselves shuffle (microseconds).',
    ],
    refutation: [
      'Retransmissions that arrive late are not reordering.',
      'Taps on several queues shuffle packets by a few microseconds.',
    ],
    action: [
      'Look for per-packet load balancing over several links (bonding mode balance-rr, routers without per-flow hashing) and change it to per flow.',
      'Wi-Fi and some VPNs (several threads) reorder too: look at their settings.',
    ],
  },
  duplication: {
    title: 'packets arrived more than once, although sent once',
    meaning: 'The path delivered copies. TCP throws them away; for UDP applications they may be an error.',
    proof: [
      'One packet at the sender’s tap, two or more identical ones (same IP ID, numbers and payload) at the receiver’s.',
    ],
    refutation: [
      'A tap on `any` sees one packet on several interfaces (bridge, VLAN, bond): such copies are folded beforehand.',
      'A mirror port in the capture’s path.',
      'A retransmission has another IP ID or time stamp.',
    ],
    action: [
      'Look for a layer-2 loop, a misconfigured bond or a mirror session that leaks into the path.',
      'Redundant ring protocols (PRP, HSR) duplicate on purpose; their end must drop the copy.',
    ],
  },
  'peer-silent': {
    title: 'everything arrives at one host, and nothing comes back out of it',
    meaning:
      'On an established connection one host stopped answering, even with ACKs. The path delivers. The reason is inside ' +
      'that host, above its tap: a firewall rule that came later, a conntrack entry that was flushed, a frozen machine.',
    proof: [
      'Packets (retransmissions too) are in both captures, and nothing of this flow leaves the silent host.',
      'Its tap is alive: other flows are seen, in and out.',
    ],
    refutation: [
      'Its answers left by an interface that was not captured.',
      'A full accept queue with SYN cookies looks the same just after the handshake: see `accept-stalled`.',
      'A zero window still answers with ACKs.',
      'The frames were addressed to another MAC than the host’s: then it never took them in, and `blame` is the path.',
    ],
    action: [
      'On the silent host: `ss -tin dst PEER` (does the socket exist?), `nft list ruleset` with counters, `conntrack -L`.',
      'Was there a deploy, a firewall reload or a live migration at that time? Look at its journal.',
    ],
  },
} satisfies Partial<Record<VerdictCode, Explanation>>;
