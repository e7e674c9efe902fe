import { msOf, toBothendsError } from '@bothends/proto';
import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import {
  type CaptureSource,
  type Tap as CaptureTap,
  DEFAULT_BUFFER_BYTES,
  type OpenOptions,
} from '../capture/source.js';
import { NameBook } from '../decode/name-book.js';
import { applyPolicy } from '../policy/apply.js';
import type { RawFile } from '../raw/raw-file.js';
import type { TapEnvironment } from './environment.js';
import { addressesOf } from './host.js';
import { type Place, placeOf } from './place.js';
import type { CoverageHead, Surroundings } from './taps/coverage.js';

/** A capture that runs, and what is known of it. */
export interface OpenCapture {
  readonly capture: CaptureTap;
  readonly head: CoverageHead;
  readonly surroundings: Surroundings;
  readonly place: Place;
  /** How long it may record. */
  readonly durationMs: number;
  /** Names that leave in clear, and packets that stay as they are; null: none. */
  readonly names: NameBook | null;
  readonly raw: RawFile | null;
}

/**
 * Checks the policy, prepares the filter and opens the capture that `arm` asks for, with this key for its digests.
 * Throws `permission-denied` of the policy, and whatever stands in the way of the filter or the back end.
 */
export async function openCapture(
  arm: Arm,
  digestKey: Uint8Array | null,
  env: TapEnvironment,
): Promise<OpenCapture> {
  const allowed = allowedBy(arm, env);
  const place = await placeOf(arm, env, env.pods);
  const { host, kit } = place;
  const preferred = await kit.source(arm.backEnd);
  const interfaceStates = host.interfaces();
  const addresses = addressesOf(interfaceStates);
  const filter = await kit.filter(preferred, allowed.filter, arm, addresses);
  const names = allowed.clearNames ? new NameBook() : null;
  const raw = allowed.keepRaw ? env.raw.open(arm, filter.text) : null;
  const options: OpenOptions = {
    interface: allowed.interface,
    filter: filter.text,
    snaplen: allowed.snaplen,
    bufferBytes: DEFAULT_BUFFER_BYTES,
    digestKey,
    names,
    raw,
  };
  const tools = { kit, logger: env.logger };
  const { source, capture } = await openWith(preferred, arm, tools, options).catch((error) => {
    raw?.close(null);
    if (raw !== null) env.raw.forget(arm.tapId, 'its tap did not open');
    throw error;
  });
  const { version } = await source.probe();
  const head: CoverageHead = {
    openedNs: env.clock.wallNs(),
    timeStamps: capture.timestamps,
    backEnd: source.name,
    filter: filter.text,
    filterLength: filter.length,
    interfaces: [allowed.interface],
    snaplen: allowed.snaplen,
    ringBytes: capture.ringBytes,
    bootId: host.bootId,
    addresses,
    tool: version,
    // Only set for a coordinator that asked: the previous release would drop the field, and signatures cover it.
    ...(names === null ? {} : { names: 'clear' }),
  };
  const surroundings = { interfaceStates, host: host.facts() };
  return { capture, head, surroundings, place, durationMs: allowed.durationMs, names, raw };
}

/** What the host's policy allows of what is asked for. @throws BothendsError `permission-denied` */
function allowedBy(arm: Arm, { policy, name, clock }: TapEnvironment) {
  const { clearNames = false, keepRaw = false } = arm;
  const wish = { ...arm, pod: arm.pod ?? null, durationMs: Number(arm.durationMs), clearNames, keepRaw };
  return applyPolicy(policy(), name, wish, new Date(msOf(clock.wallNs())));
}

/** A back end that nobody asked for by name gives way to tcpdump where it cannot do what tcpdump can. */
async function openWith(
  preferred: CaptureSource,
  arm: Arm,
  { kit, logger }: Pick<TapEnvironment, 'kit' | 'logger'>,
  options: OpenOptions,
) {
  const { tapId } = arm;
  let source = preferred;
  let capture: CaptureTap;
  try {
    capture = await source.open(options);
  } catch (error) {
    const { code, message } = toBothendsError(error);
    const mayHelp = code === 'unsupported' || code === 'resource-exhausted';
    if (arm.backEnd !== '' || source.name !== 'packet-mmap' || !mayHelp) throw error;
    logger.warn({ tap: tapId, reason: message }, 'captures with tcpdump instead of packet-mmap');
    source = await kit.source('tcpdump');
    capture = await source.open(options);
  }
  const { ringBytes } = capture;
  if (ringBytes > 0 && ringBytes < options.bufferBytes)
    logger.warn({ tap: tapId, ringBytes, wanted: options.bufferBytes }, 'the ring is smaller than usual');
  return { source, capture };
}

/** Closes a capture that nobody wants any more; what it holds has to be taken from it first. */
export async function discardCapture(capture: CaptureTap): Promise<void> {
  const closed = capture.close();
  for await (const table of capture) table.length = 0;
  await closed;
}
