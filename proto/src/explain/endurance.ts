import type { VerdictCode } from '../report/codes.js';
import type { Explanation } from './types.js';

/** Connections that stall, are forgotten, or are slow. */
export const ENDURANCE = {
  'idle-timeout': {
    title: 'a device on the path forgot the connection while it was idle',
    meaning:
      'A firewall, NAT gateway or load balancer drops connections from its table after some time without packets. The next ' +
      'packet is lost without a word, or answered by a RST. The timeout lies between `survivedMs` (longest silence that did ' +
      'no harm) and `fatalMs` (shortest that did).',
    proof: [
      'After a silence, the first packet dies on the path or is answered by a RST that no end sent.',
      'Over all flows of the service every shorter silence was survived.',
    ],
    refutation: [
      'A shorter silence that was fatal, or a longer one that was survived, refutes a timer.',
      'One connection that ended with a silence is `inconclusive`: a path that was cut meanwhile looks the same.',
      'An application that closes idle connections sends its own FIN or RST.',
    ],
    action: [
      'Send keepalives well below `survivedMs`: SO_KEEPALIVE with TCP_KEEPIDLE and TCP_KEEPINTVL, or for all sockets that use keepalive `sysctl -w net.ipv4.tcp_keepalive_time=60 net.ipv4.tcp_keepalive_intvl=15`.',
      'Databases and pools have their own: PostgreSQL `tcp_keepalives_idle`, JDBC `tcpKeepAlive` and a pool’s maximum idle time, gRPC keepalive, HTTP keep-alive timeout below it.',
      'Or raise the timer: AWS NLB and NAT gateway 350 s, Azure load balancer 4 min, GCP NAT 1200 s, Linux `net.netfilter.nf_conntrack_tcp_timeout_established`.',
      'On your own firewall, reject instead of drop: an error at once is better than a hang.',
    ],
  },
  'port-reuse': {
    title: 'the same tuple came back while one end still held the old connection',
    meaning:
      'The client opened a new connection from a port whose old connection the server (or a device) has not forgotten. It is ' +
      'answered with an ACK of the old numbers, the client resets that, and tries again; or the SYN is dropped.',
    proof: [
      'A SYN on a known tuple with a new initial sequence number, answered by an ACK with old numbers, then a RST from the SYN’s sender and the SYN again.',
    ],
    refutation: [
      'A SYN taken at once by a socket in TIME-WAIT is ordinary and does no harm.',
      'A retransmitted SYN has the same initial sequence number.',
    ],
    action: [
      'Let the client use more ports: `net.ipv4.ip_local_port_range`, more source addresses, or connections that live longer.',
      'Do not bind fixed source ports; after a crash the old connection lives until its timers expire.',
      'On a NAT gateway short of ports, add addresses; keep `net.ipv4.tcp_timestamps=1` at both ends.',
    ],
  },
  'zero-window': {
    title: 'a receiver told its peer to stop: the slow reader is there',
    meaning:
      'The `sender` of the zero window has a full receive buffer, because its application does not read. The network waits ' +
      'with the other side. `durationMs` says how long.',
    proof: [
      'That end advertises window 0, the other stops and only probes, and a later window update starts it again.',
    ],
    refutation: [
      'A window update that was sent and lost on the path makes the stall longer than the reader was slow.',
      'Window 0 in a RST or from a SYN proxy’s SYN-ACK means nothing.',
    ],
    action: [
      'Look at the application on that host: `ss -tinm` (Recv-Q stays high), garbage collection, blocked disk, a lock, a consumer that waits for something else.',
      'A larger buffer only helps against short stalls: `net.ipv4.tcp_rmem`, SO_RCVBUF.',
    ],
  },
  'slow-server': {
    title: 'the time went by inside the server',
    meaning:
      'From the last byte of the request in to the first byte of the answer out, measured at the server’s tap with one clock: `serverMs`. The path took `pathMs`. With `answers` 0 none came in `longestMs`, until the client went away.',
    proof: ['Both moments are in one capture at the server; no clock comparison is needed.'],
    refutation: [
      'A server that waits for another service looks the same: put the taps there next.',
      'A request that arrived in pieces: only its last byte starts the clock.',
    ],
    action: [
      'Take it to the server’s team with the flow and times: traces, slow query log, locks, thread pool.',
      'If it calls others, capture between it and them.',
    ],
  },
  'slow-path': {
    title: 'the time went by between the two hosts',
    meaning:
      'Of the client’s waiting, the network took `pathMs` and the server `serverMs`. How the path’s share splits into the two directions is as certain as the clocks. ' +
      'With `excessMs` even the fastest packets were late by so much for `lastedMs` in all: a queue that did not drain, or a longer way.',
    proof: [
      'Waiting at the client’s tap less thinking time at the server’s tap: each is measured with one clock.',
    ],
    refutation: [
      'Retransmissions within the request or the answer are loss, told apart.',
      'Delayed ACK and Nagle (about 40 ms) belong to the hosts.',
    ],
    action: [
      'Compare with the smallest round trip: much above it is queueing. Look for a full link or a policer (`mtr --tcp`, interface utilisation).',
      'A high smallest round trip is distance or a detour: look at the routes.',
    ],
  },
  'top-talker': {
    title: 'one pair or flow makes most of the packets or bytes',
    meaning:
      'The share of one talker in what both taps saw, with its rate and the interval of its requests. It answers who fills the link.',
    proof: ['Counted packets and bytes at the taps.'],
    refutation: ['Only traffic that passed the filter is counted.'],
    action: [
      'If it should not be there: `ss -tinp` on its host names the process. Shape it (`tc`, fq) or move it in time.',
    ],
  },
} satisfies Partial<Record<VerdictCode, Explanation>>;
