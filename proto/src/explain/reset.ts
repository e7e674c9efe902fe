import type { VerdictCode } from '../report/codes.js';
import type { Explanation } from './types.js';

/** Resets: who sent them, and what became of them. */
export const RESET = {
  'rst-forged': {
    title: 'a RST reached one end (or both) that its alleged sender never sent',
    meaning:
      'A device between the two taps closed the connection in the name of one end: a firewall that rejects, a load ' +
      'balancer or NAT gateway whose idle entry expired, an intrusion prevention system, a censor. Neither host did it, ' +
      'and neither application log can show it.',
    proof: [
      'The RST is in the capture of the end that got it and not in the capture of the end it names, while that tap saw ' +
        'everything else it sent (no drops, every other packet found, IP IDs without a hole).',
      'The alleged sender lives on: it keeps sending data, ACKs or keepalives on the flow, or its kernel reports no RST ' +
        '(`OutRsts` unchanged, no `tcp_send_reset` event, socket still ESTAB in `ss -tin`).',
      'Supporting only: another TTL than the sender’s other packets, IPv6 flow label 0, DSCP 0, numbers that do not fit, ' +
        'an answer faster than the round trip, a burst with guessed sequence numbers.',
    ],
    refutation: [
      'The tap of the alleged sender lost packets, began late, or watched another interface: look at the coverage.',
      'The packet was sent below the tap: XDP, AF_XDP, SmartNIC, hypervisor switch. It then came from the same machine.',
      'A load balancer in front of the server answers with the server’s address: its owner did it, on purpose.',
      'A bare RST without ACK is normal for Linux and proves nothing; neither does a TTL that differs.',
      'RSTs that follow a forged one are often genuine: the killed end answers the next packet. They are shown as its consequences.',
    ],
    action: [
      'Find the device: from the end that got the RST, count the routers that the finding names (`hopsFromReceiver` + 1) with `traceroute -T -p PORT HOST`.',
      'With a long idle time before it, it is a state table that expired: see `bothends explain idle-timeout`.',
      'Ask the owner of that device for its log at the given time and tuple, and for rules that reject with tcp-reset ' +
        '(nft `reject with tcp reset`, PAN-OS reset-both, AWS REJECT, Suricata reject).',
      'If it comes right after a ClientHello or a certain payload, it is content inspection: repeat with another server name.',
    ],
  },
  'rst-genuine': {
    title: 'the end that the RST names really sent it',
    meaning:
      'The RST left the host it claims to come from. `sender` says which end, and `cause` says why where packets or kernel ' +
      'witnesses tell: no-listener, abort, closed-earlier, half-open, late-syn-ack, un-natted-stray, local-firewall, ' +
      'accept-queue-full, keepalive-expired, process-died, unknown. At `inconclusive` only its arrival was seen, and nothing ' +
      'tells whether its sender sent it or something on the path forged it; `missing` says what would.',
    proof: [
      'The RST is in the sender’s own capture, leaving, and in the other one, arriving.',
      'no-listener: RST+ACK with sequence 0 straight in answer to the SYN. closed-earlier: the sender had sent its FIN, ' +
        'then data came. late-syn-ack: the SYN-ACK came after the client had given up. half-open: one end answers with ' +
        'numbers of a connection that the other has forgotten.',
      'abort: RST+ACK with the connection’s own numbers, window and time stamps: closed with unread data, SO_LINGER 0, or ' +
        'the listener was closed. A kernel event (`tcp_send_reset` with its reason) makes the cause certain.',
    ],
    refutation: [
      'A firewall on the host itself (`reject with tcp reset` in its INPUT chain) sends the same packets as an empty port. ' +
        'Only the kernel tells: the SYN shows as NETFILTER_DROP, and `OutRsts` does not move.',
      'SYN, SYN-ACK, RST does not mean that nothing listens: the client refused, because it gave up, never asked, or the ' +
        'answer missed its NAT.',
      'A good injector can imitate the shape of an abort; it cannot put the packet into the sender’s own capture.',
    ],
    action: [
      'Take it to the owner of the host that sent it, with time and tuple: it is in that host’s hands, not in the network’s.',
      'For certainty about the cause, read the kernel’s own word while it happens: `perf trace -e tcp:tcp_send_reset` names the reason, `nstat -az TcpOutRsts TcpExtTCPAbortOnClose TcpExtTCPAbortOnData` counts it.',
    ],
    actionByCause: {
      'no-listener':
        'On the host that refused, `ss -ltnp sport = :PORT`: is the service up, on this port and on this address (not only 127.0.0.1 or [::1])? If it is, look for a rule that rejects: `nft list ruleset`.',
      abort:
        'The application closed with unread data or with SO_LINGER 0. Look into its log at that time; `strace -f -e trace=close,shutdown,setsockopt -p PID` shows it.',
      'closed-earlier':
        'One side still sends after the other has closed. Compare the idle and keep-alive timeouts of both applications: the side that sends requests must give up first.',
      'half-open':
        'One end has forgotten the connection (restart, crash, failover) and the other has not. Shorten the discovery with keepalive or TCP_USER_TIMEOUT.',
      'late-syn-ack':
        'The answer came after the client had given up. Find the delay of the handshake, or raise the client’s connect timeout above it.',
      'un-natted-stray':
        'Connection tracking judged a packet INVALID and let it pass without translation. On the NAT host drop INVALID packets, or set `net.netfilter.nf_conntrack_tcp_be_liberal=1`.',
      'local-firewall':
        'A rule on the host itself rejects with tcp-reset: `nft list ruleset` or `iptables -S` on the host that sent it.',
      'accept-queue-full':
        '`nstat -az TcpExtListenOverflows` and `ss -ltn` (Recv-Q at Send-Q) on the server; raise the listen backlog and `net.core.somaxconn`, or accept faster.',
      'keepalive-expired':
        'The peer answered no keepalive. Look for what silenced it or the path before that time; the RST is only the end of it.',
      'process-died':
        'The process ended with connections open. Look for its exit: `journalctl -k -g oom`, `coredumpctl`, its supervisor’s log.',
    },
  },
  'rst-lost': {
    title: 'a RST left its sender and never arrived',
    meaning:
      'One end has closed the connection, and the other does not know. It keeps waiting or retransmitting until its own ' +
      'timers run out: the connection hangs on one side only.',
    proof: [
      'The RST is in the sender’s capture, leaving, and not in the other one, whose coverage is complete over that time.',
      'The other end goes on retransmitting, and each of its packets draws one more RST.',
    ],
    refutation: [
      'The receiver’s tap lost packets or watched another interface.',
      'It was dropped below the receiver’s tap (XDP, NIC).',
    ],
    action: [
      'Look for stateful devices that drop RSTs they hold out of window or out of state, and for asymmetric routing, where one of two firewalls has not seen the connection.',
      'Until then, keepalive or TCP_USER_TIMEOUT on the other end shortens the hang.',
    ],
  },
  'rst-ignored': {
    title: 'a RST arrived and had no effect',
    meaning:
      'The receiver took the RST for invalid: its sequence number was not the one expected. Linux answers with a challenge ' +
      'ACK when it lies in the window (RFC 5961) and says nothing when it lies before it. The connection went on.',
    proof: [
      'The RST is in the receiver’s capture, and the receiver goes on with the flow or sends a challenge ACK.',
      'On the receiver `nstat -az TcpExtTCPChallengeACK` grew, or a `TCP_RESET` or `TCP_OLD_SEQUENCE` drop was seen.',
    ],
    refutation: [
      'Challenge ACKs are rate-limited: that none was seen proves little.',
      'Late packets of a socket that has died look as if it were alive for one round trip.',
    ],
    action: [
      'If the sender is genuine: a device rewrites sequence numbers for data but not for RSTs (SYN proxies do), so closing does not get through.',
      'If it is not: somebody tries to inject; the host withstood. Treat it as an attempted `rst-forged`.',
    ],
  },
} satisfies Partial<Record<VerdictCode, Explanation>>;
