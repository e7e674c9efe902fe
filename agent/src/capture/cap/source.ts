import { BothendsError, toBothendsError } from '@bothends/proto';
import { Decoder } from '../../decode/decoder.js';
import { openFailure } from '../failure.js';
import { compileFilter, linkTypeOf } from '../filter-compile.js';
import { checkFilterText } from '../filter-text.js';
import { checkInterfaceName, interfaceNames, noSuchInterface } from '../interfaces.js';
import type { CaptureSource, OpenOptions, Probe, Tap } from '../source.js';
import { tcpdumpSource } from '../tcpdump/source.js';
import { linkTypeByName, loadNative, type NativeCapture, nativeVersion } from './native.js';
import { CapTap, type CaptureClock } from './tap.js';

const CANNOT_KEEP =
  'the back end cap keeps no raw packets: use packet-mmap or tcpdump, or capture without --keep-raw';

/** The package opens with snaplen 65535, and libpcap never delivers more. */
const BUFFER_BYTES = 65_535;
/** libpcap takes the ring's size as a signed 32-bit number. */
const MAX_RING_BYTES = 0x7fffffff;

/**
 * Every capture that was ever opened, so that none is garbage-collected: its destructor leaves a stopped but
 * unclosed handle in the event loop, or stops one that was never started. A closed capture holds a few hundred
 * bytes.
 */
const held = new Set<NativeCapture>();

const systemClock: CaptureClock = {
  epochNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)),
  monotonicNs: () => Math.round(performance.now() * 1e6),
};

/** Captures with libpcap in this process, where there is no tcpdump. */
export const capSource: CaptureSource = {
  name: 'cap',
  probe,
  open,
};

async function probe(): Promise<Probe> {
  try {
    loadNative();
    return { available: true, reason: '', version: nativeVersion() };
  } catch (thrown) {
    const why = toBothendsError(thrown).message.split('\n', 1)[0];
    const remedy = 'install libpcap-dev and a C++ compiler, then "npm rebuild cap"';
    return { available: false, reason: `the package cap does not load (${why}): ${remedy}`, version: '' };
  }
}

async function open(options: OpenOptions): Promise<Tap> {
  await check(options);
  if (options.raw) throw new BothendsError('unsupported', CANNOT_KEEP);
  const { Cap } = loadNative();
  const native = new Cap();
  held.add(native);
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const tap = new CapTap(native, buffer, options, systemClock);
  const ringBytes = Math.min(options.bufferBytes, MAX_RING_BYTES);
  let linkType: number;
  try {
    linkType = linkTypeByName(native.open(options.interface, options.filter, ringBytes, buffer));
  } catch (thrown) {
    throw openFailure(options.interface, toBothendsError(thrown).message);
  }
  try {
    const key = options.digestKey === null ? {} : { digestKey: options.digestKey };
    tap.decodeWith(new Decoder({ linkType, names: options.names ?? null, ...key }));
    return tap;
  } catch (thrown) {
    await tap.close();
    throw thrown;
  }
}

/** Everything that can be known to fail is refused before libpcap is asked. */
async function check(options: OpenOptions): Promise<void> {
  checkInterfaceName(options.interface);
  checkFilterText(options.filter);
  const present = options.interface === 'any' || interfaceNames().includes(options.interface);
  if (!present) throw noSuchInterface(options.interface);
  // Without tcpdump libpcap's own message has to do.
  const { available } = await tcpdumpSource.probe();
  if (available) await compileFilter(options.filter, linkTypeOf(options.interface));
}
