import { BothendsError, toBothendsError } from '@bothends/proto';
import { LinkType } from '../../decode/link.js';
import { linkTypeOf } from '../filter-compile.js';
import { checkInterfaceName, hardwareTypeOf, noSuchInterface } from '../interfaces.js';
import type { CaptureSource, OpenOptions, Probe, Tap } from '../source.js';
import { tcpdumpSource } from '../tcpdump/source.js';
import { errnoOf, loadAddon, type PacketMmapAddon } from './addon.js';
import { BlockReader } from './block-reader.js';
import { compileProgram } from './compile.js';
import { Arphrd } from './layout.js';
import { toBytes } from './program.js';
import { Ring, ringFailure } from './ring.js';
import { PacketMmapTap } from './tap.js';

/** Captures from the kernel's ring in this process: kernel time stamps in ns, the kernel's drop counts, no copies. */
export const packetMmapSource: CaptureSource = {
  name: 'packet-mmap',
  probe,
  open,
};

async function probe(): Promise<Probe> {
  const reason = whyNotHere();
  if (reason !== null) return { available: false, version: '', ...reason };
  const compiler = await tcpdumpSource.probe();
  if (!compiler.available) {
    const why = `filters are compiled by tcpdump: ${compiler.reason}`;
    return { available: false, reason: why, version: '' };
  }
  return { available: true, reason: '', version: `TPACKET_V3, filters by tcpdump ${compiler.version}` };
}

function whyNotHere(): Pick<Probe, 'reason' | 'refusal'> | null {
  let addon: PacketMmapAddon;
  try {
    addon = loadAddon();
  } catch (thrown) {
    return { reason: `its add-on is of no use: ${whyNotLoaded(thrown)}` };
  }
  try {
    addon.probe();
    return null;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EPERM') return { reason: `no packet sockets here (${errnoOf(thrown)})` };
    const grant = 'run it as root, or put AmbientCapabilities=CAP_NET_RAW into its systemd unit';
    return { reason: `the agent itself has no CAP_NET_RAW: ${grant}`, refusal: 'permission-denied' };
  }
}

function whyNotLoaded(thrown: unknown): string {
  if (thrown instanceof BothendsError) return thrown.message;
  const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'MODULE_NOT_FOUND';
  const why = isMissing
    ? 'it was not built'
    : `it does not load (${toBothendsError(thrown).message.split('\n', 1)[0]})`;
  return `${why}; "npm run setup" builds it where a C compiler is`;
}

async function open(options: OpenOptions): Promise<Tap> {
  const { interface: name, filter, snaplen, bufferBytes, digestKey, names = null, raw = null } = options;
  checkInterfaceName(name);
  const addon = loadAddon();
  const index = name === 'any' ? 0 : addon.interfaceIndex(name);
  if (name !== 'any' && index === 0) throw noSuchInterface(name);
  const linkType = readableLinkType(name);
  const program = toBytes(await compileProgram(filter, { interface: name, linkType, snaplen }));
  let tap: PacketMmapTap | null = null;
  try {
    const ring = Ring.open(addon, {
      interfaceIndex: index,
      datagrams: linkType === LinkType.cooked2,
      program,
      ringBytes: bufferBytes,
      snaplen,
      onReadable: (error) => tap?.readable(error),
    });
    const { memory, blockBytes } = ring;
    const reader = new BlockReader({ memory, blockBytes, linkType, snaplen, digestKey, names, raw });
    tap = new PacketMmapTap(ring, reader, {
      name,
      exists: () => index === 0 || addon.interfaceExists(index),
    });
    ring.watch(true);
    return tap;
  } catch (thrown) {
    throw ringFailure(name, thrown);
  }
}

/** Ethernet and loopback have one header, tunnels none, `any` the address alone. Throws `unsupported` for the rest. */
function readableLinkType(name: string): number {
  const linkType = linkTypeOf(name);
  const hardware = hardwareTypeOf(name);
  const named = hardware === Arphrd.ethernet || hardware === Arphrd.loopback;
  if (linkType !== LinkType.ethernet || named || hardware === null) return linkType;
  throw new BothendsError(
    'unsupported',
    `${name} is neither Ethernet nor a tunnel (hardware type ${hardware}): capture on "any", or use --back-end tcpdump`,
  );
}
