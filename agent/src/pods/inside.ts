import type { InterfaceState } from '@bothends/proto/gen/bothends/v1/packet';
import { at, parseJson, textAt } from './json.js';

/** Who a program in a pod's network runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Descriptor by which a child process gets the namespace that it enters: held open, it stays the one that was checked. */
export const NAMESPACE_FD = 3;

/**
 * A command such that it runs in the network namespace that it gets as descriptor, as this account, with no right but to
 * read packets, and ends with this process. Everything else of it, files and processes, stays outside of the pod.
 */
export function inNamespace(account: Account | null, command: readonly string[]): [string, ...string[]] {
  const become =
    account === null ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  const rights = ['--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw'];
  return [
    'nsenter',
    `--net=/proc/self/fd/${NAMESPACE_FD}`,
    ...['setpriv', ...become, ...rights, '--no-new-privs', '--pdeathsig', 'TERM'],
    ...command,
  ];
}

/** Sends one datagram; ADDRESS PORT HEX. perl, which every Debian has, starts in a tenth of the time of node. */
export const SEND_DATAGRAM: readonly string[] = [
  'perl',
  '-MIO::Socket::IP',
  '-e',
  'my $s = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Type => SOCK_DGRAM) or exit 1;' +
    ' $s->send(pack("H*", $ARGV[2]));',
];

/** Lists interfaces and their addresses. */
export const LIST_INTERFACES: readonly string[] = ['ip', '-d', '-j', 'address', 'show'];

/** From the output of LIST_INTERFACES; what cannot be read is left out. */
export function interfacesIn(json: string): InterfaceState[] {
  const list = parseJson(json);
  if (!Array.isArray(list)) return [];
  return list.map((link: unknown) => {
    const number = (key: string) => Number(at(link, key)) || 0;
    const addresses = at(link, 'addr_info');
    return {
      name: textAt(link, 'ifname'),
      index: number('ifindex'),
      // Loopback and tunnels do not know their state; they work when they are there.
      up: ['UP', 'UNKNOWN'].includes(textAt(link, 'operstate')),
      mtu: number('mtu'),
      xdp: at(link, 'xdp') !== undefined,
      // ethtool is not asked: what a pod's veth merges, its node's interfaces say.
      offloads: [],
      addresses: Array.isArray(addresses)
        ? addresses.map((each: unknown) => textAt(each, 'local')).filter(Boolean)
        : [],
    };
  });
}
