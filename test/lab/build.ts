import { checkCommand } from './command.js';
import { type HostConfig, interfaceName, type LabConfig, type LinkConfig, type LinkEnd } from './config.js';
import { routesOf } from './routes.js';

/** Names of one lab's namespaces: `be-<id>-<host>`. */
export function namespaceOf(id: string, host: string): string {
  return `be-${id}-${host}`;
}

export const MANAGEMENT_HOST = 'mgmt';
const MANAGEMENT_INTERFACE = 'mgmt0';
const DEFAULT_MTU = 1500;

/** Addresses 10.78.0.1 and up, in the order of the configuration; hosts that opted out have none. */
export function managementAddresses(config: LabConfig): Map<string, string> {
  if (config.management === false) return new Map();
  const members = config.hosts.filter(({ management }) => management !== false);
  return new Map(members.map(({ name }, index) => [name, `10.78.0.${index + 1}`]));
}

/** Every namespace of the lab. */
export function namespacesOf(config: LabConfig, id: string): string[] {
  const names = config.hosts.map(({ name }) => name);
  if (config.management !== false) names.push(MANAGEMENT_HOST);
  return names.map((name) => namespaceOf(id, name));
}

/** Makes the namespaces and everything in them. Needs the state file written first. */
export async function build(config: LabConfig, id: string): Promise<void> {
  const namespaces = namespacesOf(config, id);
  await batch(namespaces.map((name) => `netns add ${name}`));
  await Promise.all(config.hosts.map((host) => setSysctls(namespaceOf(id, host.name), settingsOf(host))));
  await batch([...config.links.map((link) => vethLine(link, id)), ...managementLines(config, id)]);
  if (config.management !== false) await configureBridge(config, id);
  await Promise.all(config.hosts.map((host) => configureHost(config, host, id)));
}

async function configureHost(config: LabConfig, host: HostConfig, id: string): Promise<void> {
  const namespace = namespaceOf(id, host.name);
  const ends = config.links.flatMap((link) => endsOf(link, host.name));
  const management = managementAddresses(config).get(host.name);
  const lines = ['link set lo up', ...ends.flatMap(endLines)];
  if (management) {
    // IPv4 is enough here, and neighbour discovery would only be noise in captures on `any`.
    await setSysctls(namespace, { [`net.ipv6.conf.${MANAGEMENT_INTERFACE}.disable_ipv6`]: 1 });
    lines.push(
      `address add ${management}/24 dev ${MANAGEMENT_INTERFACE}`,
      `link set ${MANAGEMENT_INTERFACE} up`,
    );
  }
  lines.push(...routesOf(config, host.name).map(({ to, via }) => `route replace ${to} via ${via}`));
  await batch(lines, namespace);
  for (const { end, name } of ends) {
    if (end.offloads)
      await checkCommand(inNamespace(namespace, ['ethtool', '-K', name, ...features(end.offloads)]));
    if (end.shape) {
      const { bitsPerSecond, burstBytes, latencyMs } = end.shape;
      const bucket = ['rate', `${bitsPerSecond}bit`, 'burst', `${burstBytes}b`, 'latency', `${latencyMs}ms`];
      await checkCommand(
        inNamespace(namespace, ['tc', 'qdisc', 'add', 'dev', name, 'root', 'tbf', ...bucket]),
      );
    }
  }
  if (host.nft) await checkCommand(inNamespace(namespace, ['nft', '-f', '-']), { input: host.nft });
}

interface PlacedEnd {
  end: LinkEnd;
  name: string;
  mtu: number;
}

function endsOf(link: LinkConfig, host: string): PlacedEnd[] {
  const [left, right] = link.ends;
  const pairs = [[left, right] as const, [right, left] as const].filter(([end]) => end.host === host);
  return pairs.map(([end, peer]) => ({
    end,
    name: interfaceName(end, peer),
    mtu: end.mtu ?? link.mtu ?? DEFAULT_MTU,
  }));
}

function endLines({ end, name, mtu }: PlacedEnd): string[] {
  // Up first, and nodad: an IPv6 address given before would stay tentative, and deaf, for a second or more.
  const addresses = end.addresses.map((text) => {
    return `address add ${text} dev ${name}${text.includes(':') ? ' nodad' : ''}`;
  });
  return [`link set ${name} mtu ${mtu}`, `link set ${name} up`, ...addresses];
}

function vethLine({ ends: [left, right] }: LinkConfig, id: string): string {
  const place = (end: LinkEnd, peer: LinkEnd) =>
    `name ${interfaceName(end, peer)} netns ${namespaceOf(id, end.host)}`;
  return `link add ${place(left, right)} type veth peer ${place(right, left)}`;
}

function managementLines(config: LabConfig, id: string): string[] {
  const bridge = namespaceOf(id, MANAGEMENT_HOST);
  const port = (index: number) => `name port${index} netns ${bridge}`;
  return [...managementAddresses(config).keys()].map((host, index) => {
    const own = `name ${MANAGEMENT_INTERFACE} netns ${namespaceOf(id, host)}`;
    return `link add ${own} type veth peer ${port(index)}`;
  });
}

async function configureBridge(config: LabConfig, id: string): Promise<void> {
  const ports = [...managementAddresses(config).keys()].map((_, index) => `port${index}`);
  const lines = ['link add bridge0 type bridge', 'link set bridge0 up'];
  for (const port of ports) lines.push(`link set ${port} master bridge0`, `link set ${port} up`);
  const namespace = namespaceOf(id, MANAGEMENT_HOST);
  await setSysctls(namespace, { 'net.ipv6.conf.all.disable_ipv6': 1 });
  await batch(lines, namespace);
}

/** The first settings make a host behave the same whatever the machine's own are; the configuration's come last. */
function settingsOf(host: HostConfig): Record<string, string | number> {
  const forwarding = host.forward ? 1 : 0;
  return {
    'net.ipv4.ip_forward': forwarding,
    'net.ipv6.conf.all.forwarding': forwarding,
    'net.ipv4.conf.all.rp_filter': 0,
    'net.ipv4.conf.default.rp_filter': 0,
    'net.ipv6.conf.all.accept_ra': 0,
    // Link-local addresses are usable at once, as the others are by `nodad`: routers ask neighbours from them.
    'net.ipv6.conf.default.accept_dad': 0,
    'net.ipv6.conf.all.accept_dad': 0,
    // Answer ARP only for an address of the interface asked on: the management network must not speak for the data path.
    'net.ipv4.conf.all.arp_ignore': 1,
    'net.ipv4.conf.all.arp_announce': 2,
    ...host.sysctls,
  };
}

async function setSysctls(namespace: string, settings: Record<string, string | number>): Promise<void> {
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  await checkCommand(inNamespace(namespace, ['sysctl', '-q', '-w', ...pairs]));
}

/** argv that runs another argv in a namespace. ip(8) becomes the program, so its process id is the program's. */
export function inNamespace(namespace: string, argv: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace, ...argv];
}

export function features(offloads: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(offloads).flatMap(([feature, on]) => [feature, on ? 'on' : 'off']);
}

async function batch(lines: string[], namespace?: string): Promise<void> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  await checkCommand(['ip', ...where, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
