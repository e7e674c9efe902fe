import type { VerdictCode } from '../report/codes.js';
import type { Explanation } from './types.js';

/** TLS, DNS, UDP, HTTP and ICMP. */
export const APPLICATION = {
  'tls-hello-reset': {
    title: 'the connection was reset in answer to the ClientHello',
    meaning:
      'TCP connected, the client sent its ClientHello, and a RST came. Something on the path that reads server names, or ' +
      'the server itself, refused it.',
    proof: [
      'Handshake complete at both ends, ClientHello at the client, RST within about a round trip after it.',
      'On the path: the RST is not in the server’s capture. In line, the ClientHello does not arrive; beside the path, it does.',
      'It happens again with this name and not with other payload.',
    ],
    refutation: [
      'The server read the ClientHello and aborted: then the RST leaves its tap.',
      'A RST without a TLS alert says nothing about certificates.',
    ],
    action: [
      'Repeat with another name: `openssl s_client -connect HOST:443 -servername example.org`. If that works, the name is filtered.',
      'Ask the owner of the firewall for its URL or SNI policy log at that time.',
    ],
  },
  'tls-alert': {
    title: 'the TLS handshake ended with an alert',
    meaning:
      'One end said in plain words that it will not go on. The finding says who, and the alert’s number where it was not encrypted.',
    proof: ['A TLS alert record, then FIN or RST from the same side, in both captures.'],
    refutation: [
      'close_notify (0) is the ordinary end of a session.',
      'In TLS 1.3 later alerts are encrypted: only their place and size are seen.',
    ],
    action: [
      'unknown_ca (48), bad_certificate (42), certificate_expired (45), certificate_unknown (46): the side that sent it does not trust the other’s chain. `openssl s_client -connect HOST:PORT -servername NAME -showcerts`.',
      'handshake_failure (40), protocol_version (70): no common version or cipher. unrecognized_name (112): the server does not know the name. certificate_required (116): the client sent none.',
    ],
  },
  'dns-unanswered': {
    title: 'a DNS query got no answer',
    meaning:
      'The query (its `type` says A, AAAA or other) stayed unanswered. `direction` and `blame` say whether query or answer died on the path, or the resolver kept silent. A dead AAAA beside a working A makes connects slow, not impossible.',
    proof: [
      'Query and answer looked for at both taps by id, ports and the digest of the name: the first place where one is missing is the place of the fault.',
    ],
    refutation: [
      'The resolver forwards, and its own upstream is silent: capture behind it.',
      'Large answers die as fragments or fall back to TCP.',
    ],
    action: [
      '`dig @RESOLVER NAME TYPE +tries=1`, then `+tcp` and `+bufsize=1232`: if one of these works, it is size or fragments.',
      'Died on the path: firewall toward port 53 or its return. Silent resolver: its log, rate limits (RRL), load.',
    ],
  },
  'dns-failed': {
    title: 'the resolver answered with an error',
    meaning:
      'The network did its work; the resolver said NXDOMAIN (3: no such name), SERVFAIL (2: it could not find out) or REFUSED (5). `rcode` and `type` say which.',
    proof: ['The answer with this code is in the capture.'],
    refutation: [
      'NXDOMAIN for names with a search domain appended is ordinary: only the last attempt counts.',
    ],
    action: [
      'NXDOMAIN: is the name right, the record there, the split horizon the right one? `dig NAME +trace`.',
      'SERVFAIL: DNSSEC (`dig +cd` works?) or unreachable authoritative servers. REFUSED: the resolver does not serve this client.',
    ],
  },
  'udp-lost': {
    title: 'UDP datagrams died on the path',
    meaning: 'Datagrams left one host and did not reach the other. Nothing repeats them but the application.',
    proof: [
      'Each is in the sender’s capture (by IP ID, length and digest) and not in the receiver’s, which had complete coverage.',
    ],
    refutation: [
      'A capture filter by port, which leaves out all fragments of a datagram but the first.',
      'A full socket buffer drops it above the receiver’s tap: that is `udp-unanswered`.',
    ],
    action: [
      'As with `data-loss`. For large datagrams look at fragments: many firewalls drop them; keep datagrams below the path MTU.',
      'Check rate limits for UDP (DDoS protection).',
    ],
    actionByCause: {
      fragments:
        'One lost fragment loses the datagram. Let fragments through (firewalls without state drop all but the first), or keep datagrams below the path MTU: for DNS an EDNS buffer of 1232 bytes.',
    },
  },
  'udp-unanswered': {
    title: 'datagrams reached the host, and nothing came back out of it',
    meaning:
      'The path delivered. The host or its application did not answer: no socket, full buffer, local firewall, or an application that keeps silent.',
    proof: [
      'The datagrams are in both captures, and no answer or ICMP error leaves the receiver.',
      'On the receiver UdpNoPorts or UdpRcvbufErrors grows.',
    ],
    refutation: [
      'Protocols without answers (syslog, statsd).',
      'The answer left by another interface or address.',
    ],
    action: [
      'On the receiver `ss -ulnp sport = :PORT` (Recv-Q), `nstat -az UdpNoPorts UdpRcvbufErrors UdpInErrors`, `nft list ruleset`.',
      'Full buffer: `net.core.rmem_max` and SO_RCVBUF, or a faster reader.',
    ],
  },
  'http-body-cut': {
    title: 'an HTTP/1 body ended short of its Content-Length',
    meaning:
      'The head `declared` more bytes than were `delivered` before the connection ended. The finding says who ended it.',
    proof: ['Content-Length in the head against bytes delivered, and the FIN or RST that ended the flow.'],
    refutation: [
      'Answers to HEAD and status 204 or 304 have no body.',
      'The capture ended before the connection did.',
    ],
    action: [
      'Ended by the server: its log, worker timeouts and out-of-memory kills at that time. Ended by the client: its timeout. By the path: see the RST’s own verdict.',
      'Proxies: compare timeouts on both legs (nginx `proxy_read_timeout`, `send_timeout`).',
    ],
  },
  'icmp-error': {
    title: 'an ICMP error about this flow arrived',
    meaning:
      'A router or host said that it did not deliver a packet: the finding names it, with `type` and `code`.',
    proof: [
      'The quoted header fits a packet that was really sent, by addresses, ports, IP ID and sequence number.',
    ],
    refutation: [
      'A quote that fits no packet that was sent is forged or belongs to another host behind the same NAT.',
    ],
    action: [
      '3/3 (v6 1/4) port unreachable: no UDP socket there. 3/13, 3/10, 3/9 (v6 1/1): a filter, on the device that sent it. 3/0, 3/1 (v6 1/0, 1/3): no route or no neighbour behind that router.',
      '3/4 (v6 2/0): smaller MTU, healthy if the sender obeys. 11/0 (v6 3/0): routing loop or TTL too small: `traceroute` shows it.',
    ],
  },
} satisfies Partial<Record<VerdictCode, Explanation>>;
