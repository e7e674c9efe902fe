import { BothendsError } from '@bothends/proto';
import { NOT_INSTALLED, openFailure } from '../failure.js';
import { compileFilter, linkTypeOf } from '../filter-compile.js';
import { checkInterfaceName } from '../interfaces.js';
import type { CaptureSource, OpenOptions, Probe, Tap } from '../source.js';
import { type Ending, type Launch, launchHere } from './launch.js';
import { TcpdumpProcess } from './process.js';
import { runTcpdump } from './program.js';
import { TcpdumpTap } from './tap.js';

/** Printing its version takes milliseconds; a loaded machine may take a while to start it. */
const PROBE_MS = 5_000;
/** Opening waits for the kernel to set up the ring; a large one takes some 100 ms. */
const OPEN_MS = 15_000;

/** Captures with tcpdump as a child process: kernel time stamps in ns, and the kernel's drop counts. */
export const tcpdumpSource: CaptureSource = tcpdumpThrough(launchHere);

/** The same with a tcpdump that somebody else starts, such as in another network. */
export function tcpdumpThrough(launch: Launch): CaptureSource {
  return { name: 'tcpdump', probe, open: (options) => open(options, launch) };
}

/** What it said when it last ran; asking again would start it again, for each tap several times. */
let found: Probe | null = null;

async function probe(): Promise<Probe> {
  if (found !== null) return found;
  const { status, stdout, stderr, failure } = await runTcpdump(['--version'], PROBE_MS);
  if (failure === 'ENOENT') return { available: false, reason: NOT_INSTALLED, version: '' };
  if (status !== 0)
    return { available: false, reason: `tcpdump does not run: ${failure ?? stderr.trim()}`, version: '' };
  const version = /tcpdump version (\S+)/.exec(stdout)?.[1] ?? '';
  const libpcap = /libpcap version (\S+)/.exec(stdout)?.[1] ?? '';
  found = {
    available: true,
    reason: '',
    version: libpcap === '' ? version : `${version}, libpcap ${libpcap}`,
  };
  return found;
}

async function open(options: OpenOptions, launch: Launch): Promise<Tap> {
  checkInterfaceName(options.interface);
  await compileFilter(options.filter, linkTypeOf(options.interface));
  const process = await TcpdumpProcess.start(launch, options);
  // Created before tcpdump listens, so that not one packet can pass unread.
  const tap = new TcpdumpTap(process, options);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), OPEN_MS);
  });
  const first = await Promise.race([process.listening, process.ended, timeout]);
  clearTimeout(timer);
  if (first === undefined) return tap;
  if (first !== 'timeout') throw failedToOpen(options, process, first);
  process.kill();
  throw new BothendsError(
    'unavailable',
    `tcpdump did not start capturing on ${options.interface} within ${OPEN_MS / 1000} s`,
  );
}

function failedToOpen(options: OpenOptions, process: TcpdumpProcess, ending: Ending): BothendsError {
  if (ending.kind !== 'not-started') return openFailure(options.interface, process.messages.join('; '));
  return new BothendsError(
    'failed-precondition',
    ending.code === 'ENOENT' ? NOT_INSTALLED : `tcpdump: ${ending.code}`,
  );
}
