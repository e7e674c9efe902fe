import type { VerdictCode } from '../report/codes.js';
import type { Explanation } from './types.js';

/** Connections that were never made: where the handshake stopped. */
export const HANDSHAKE = {
  'syn-lost': {
    title: 'the SYN left the client and never reached the server’s tap',
    meaning:
      'The client asked, and the question died on the way. The server cannot know of it, and nothing is in its log. ' +
      'With `openedLateMs` a later SYN arrived: the connection was made, so much later than it could have been.',
    proof: [
      'Each SYN is in the client’s capture and none in the server’s, which had complete coverage and saw other traffic.',
      'An ICMP error at the client that quotes the SYN names the router that refused it.',
    ],
    refutation: [
      'The server’s tap watched another interface or address (NAT, load balancer, second path).',
      'It was dropped on the server below the tap: XDP program, NIC filter, hypervisor or cloud security group.',
    ],
    action: [
      'Look for the drop from the client: `traceroute -T -p PORT SERVER`; the last hop that answers is on this side of it.',
      'Check firewalls and security groups toward the server for this source, and the route on each router on the way.',
      'If only some SYNs are lost, look for a full conntrack table (`nf_conntrack: table full` in a router’s log) or one bad path of several.',
    ],
  },
  'syn-unanswered': {
    title: 'the SYN reached the server’s host and nothing came back out of it',
    meaning:
      'The path toward the server is fine. The host swallowed the SYN above its tap: firewall, full accept queue, ' +
      'reverse-path filter, or the answer was dropped on its way out.',
    proof: [
      'The SYNs are in both captures, and no SYN-ACK, RST or ICMP error leaves the server’s tap.',
      'A kernel witness names the place: NETFILTER_DROP, IP_RPFILTER, TCP_CSUM; a growing ListenOverflows, IPReversePathFilter or InCsumErrors.',
    ],
    refutation: [
      'The answer left by an interface that was not captured: capture on `any`.',
      'The packet was addressed to another MAC (the tap is promiscuous and saw it pass).',
    ],
    action: [
      'Firewall of the host: `nft list ruleset` with counters, `iptables -nvL`; for certainty `nft monitor trace`.',
      'Queue: `ss -ltn sport = :PORT` (Recv-Q above Send-Q), `nstat -az TcpExtListenOverflows TcpExtListenDrops`; raise the listen backlog and `net.core.somaxconn`, or find why the application does not accept.',
      'Reverse path: `nstat -az IpExtInNoRoutes TcpExtIPReversePathFilter`; `sysctl net.ipv4.conf.all.rp_filter` to 2 where routes are asymmetric.',
      'Way out: `ip route get CLIENT`, `ip neigh`, `tc -s qdisc`, and OUTPUT rules.',
    ],
    actionByCause: {
      'local-firewall':
        'A rule on the server drops it: `nft list ruleset` with counters, for certainty `nft monitor trace`.',
      'accept-queue-full':
        'The application accepts too slowly: `ss -ltn sport = :PORT` (Recv-Q above Send-Q), `nstat -az TcpExtListenOverflows`; raise the listen backlog and `net.core.somaxconn`, or find why it does not accept.',
      'reverse-path-filter':
        'The server would answer by another interface and drops the question: set `net.ipv4.conf.all.rp_filter` and the interface’s own to 2, or make the routes symmetric.',
    },
  },
  'syn-ack-lost': {
    title: 'SYN-ACKs leave the server and die on the way back',
    meaning:
      'Both hosts work and the path toward the server works; the return path does not. The client times out, the server ' +
      'shows connections in SYN-RECV. With `openedLateMs` a later SYN-ACK arrived, and the connection was made so much later.',
    proof: [
      'SYN-ACKs are in the server’s capture, leaving, and none in the client’s, whose coverage is complete.',
      'The client repeats its SYN, and the server repeats its SYN-ACK: each believes the other silent.',
    ],
    refutation: [
      'The answer came back to another address or interface of the client that was not captured.',
      'It was dropped on the client below its tap (XDP, NIC).',
    ],
    action: [
      'Look for a stateful firewall on the return path that has not seen the SYN: asymmetric routing is the usual reason. Compare `traceroute` in both directions.',
      'Check rules that allow the SYN but not its answer (stateless access lists lack `established`), and NAT that was set up for one direction.',
      'On the server `ip route get CLIENT` shows where the answers go.',
    ],
  },
  'syn-ack-forged': {
    title: 'the client got a SYN-ACK that the server never sent',
    meaning:
      'Something on the path answers in the server’s name: a SYN proxy against floods, a transparent proxy, a load ' +
      'balancer with the server’s address. A connect that succeeds says nothing about the server then.',
    proof: [
      'The SYN-ACK is in the client’s capture and not in the server’s, which had complete coverage.',
      'It arrived before the server could have answered, or before the server even got a SYN.',
      'Another server sequence number, other options or window 0 in it, and a constant difference of sequence numbers afterwards.',
    ],
    refutation: [
      'SYN cookies from an XDP program on the server itself are sent below its tap.',
      'The server’s tap watched the wrong interface or missed the NAT tuple.',
    ],
    action: [
      'Find the device by the TTL of the SYN-ACK, and ask whether a SYN proxy or transparent proxy is wanted here.',
      'Judge each side of it as a connection of its own; measure the connect time behind it, at the server’s tap.',
    ],
  },
  'handshake-ack-lost': {
    title: 'the last ACK of the handshake died on the way to the server',
    meaning:
      'The client believes that it is connected; the server does not. It repeats its SYN-ACK, and the first data may still ' +
      'complete the handshake. Protocols in which the server speaks first hang.',
    proof: [
      'The ACK is in the client’s capture and not in the server’s; the server repeats its SYN-ACK, and the client acknowledges again.',
    ],
    refutation: [
      'The ACK arrived and was refused by the server: then it is `accept-stalled`.',
      'The server’s tap lost packets.',
    ],
    action: [
      'Look for a device that lets SYNs pass and drops the packets after them: stateful firewall with asymmetric routing, or an SYN-only rule.',
      'If it happens now and then, it is plain loss: see the loss of the other flows on this path.',
    ],
  },
  'accept-stalled': {
    title: 'the last ACK arrived, and the server still repeats its SYN-ACK',
    meaning:
      'The server’s kernel did not accept the finished handshake: nearly always its accept queue is full because the ' +
      'application accepts too slowly. The client believes that it is connected, sends, and waits.',
    proof: [
      'SYN, SYN-ACK and ACK are in both captures, and the server goes on sending SYN-ACKs.',
      'On the server `ss -ltn` shows Recv-Q above Send-Q for the listener, and ListenOverflows grows.',
    ],
    refutation: [
      'The ACK carried a wrong time stamp or number (a device rewrites them): TSEcrRejected grows instead.',
      'TCP_DEFER_ACCEPT on the listener: it waits for data on purpose.',
    ],
    action: [
      'Find why the application does not accept: blocked event loop, exhausted workers or file descriptors (`ss -ltnp`, its own metrics).',
      'Raise the backlog: the smaller of the application’s `listen()` argument and `net.core.somaxconn` counts.',
      '`nstat -az TcpExtListenOverflows` before and after tells whether it helped.',
    ],
  },
  'syn-forged': {
    title: 'the server got a SYN that the client never sent',
    meaning:
      'Something else asks in the client’s name: a proxy that makes its own connections with the client’s address, a ' +
      'replaying device, or a spoofed flood.',
    proof: [
      'The SYN is in the server’s capture and not in the client’s, which had complete coverage.',
      'The client answers the SYN-ACK with a RST, as it knows nothing of it.',
    ],
    refutation: [
      'NAT: the client sent it with another tuple, and the translation was missed.',
      'Another host behind the same address, or another network namespace of the client.',
    ],
    action: [
      'If the client’s RST follows, it is spoofed: look for the true source by the MAC and the ingress port, and for missing source filtering (BCP 38).',
      'If the connection goes on, a transparent proxy makes it: find it by TTL and MAC.',
    ],
  },
  'no-attempt': {
    title: 'the client never tried: no SYN for what was asked about',
    meaning:
      'The client’s tap was open, complete, and saw no packet for the port or host in question. The network had no part in it.',
    proof: [
      'No SYN toward that port in the client’s capture, with coverage over the whole time, while other packets were seen.',
    ],
    refutation: [
      'The application uses another port, another address (IPv6 instead of IPv4), a proxy, or an open connection that it reuses.',
      'It runs in a container whose namespace was not captured.',
      'The packet was dropped above the tap: OUTPUT rule, no route, unresolved neighbour.',
    ],
    action: [
      'Ask what the application really does: `ss -tnp`, `strace -f -e trace=connect -p PID`, its name resolution (`getent ahosts NAME`), its proxy variables.',
      'Check `nft list ruleset` (output chains), `ip route get SERVER` and `ip neigh` on the client.',
      'Repeat the capture without a port filter.',
    ],
  },
} satisfies Partial<Record<VerdictCode, Explanation>>;
