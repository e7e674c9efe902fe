import { BothendsError, type End, formatInstant, type Instant, parseInstant } from '@bothends/proto';
import { type Capture, tapName, timesOf } from '../captures/capture.js';

export const CAPTURE_SCHEMA = 'bothends.capture.v1';

/** A capture as the engine is told of it, before the evidence. */
export type CaptureDocument = LiveDocument | FilesDocument;

/** Taken by two agents. Times are the coordinator's. */
export interface LiveDocument {
  schema: typeof CAPTURE_SCHEMA;
  source: 'agents';
  id: string;
  name: string;
  requestedBy: string;
  port: number | null;
  filter: string;
  interface: string;
  snaplen: number;
  backEnd: string;
  startedAt: Instant | null;
  endedAt: Instant | null;
  /** Bound on the server's clock minus the client's from outside the traffic; `offsetNs` in decimal. */
  clockPrior: { offsetNs: string; errorNs: number } | null;
  taps: { id: string; name: string; role: End; addresses: string[] }[];
}

/** Two capture files. */
export interface FilesDocument {
  schema: typeof CAPTURE_SCHEMA;
  source: 'files';
  id: string;
  name: string;
  port: number | null;
  /** The user vouched that the files lack no packets. */
  vouchComplete: boolean;
  taps: { id: string; name: string }[];
}

/** What a bundle says of a capture. */
export function documentOf(capture: Capture): LiveDocument {
  const { request, prior } = capture;
  const { startedNs, endedNs } = timesOf(capture.phase);
  return {
    schema: CAPTURE_SCHEMA,
    source: 'agents',
    id: capture.id,
    name: capture.name,
    requestedBy: request.requestedBy,
    port: request.port === 0 ? null : request.port,
    filter: request.filter,
    interface: request.interface,
    snaplen: request.snaplen,
    backEnd: request.backEnd,
    startedAt: startedNs === null ? null : formatInstant(startedNs),
    endedAt: endedNs === null ? null : formatInstant(endedNs),
    clockPrior: prior === null ? null : { offsetNs: `${prior.offsetNs}`, errorNs: prior.errorNs },
    taps: capture.taps.map((tap) => ({
      id: tap.id,
      name: tapName(tap),
      role: tap.role,
      addresses: tap.addresses,
    })),
  };
}

/** The capture of a document, as far as an analysis looks at it. */
export function captureOf(document: LiveDocument): Capture {
  const { id, name, port, filter, snaplen, backEnd, startedAt, endedAt, clockPrior } = document;
  const [client = '', server = ''] = document.taps.map((tap) => tap.name);
  return {
    id,
    name,
    request: {
      client,
      server,
      filter,
      snaplen,
      backEnd,
      interface: document.interface,
      port: port ?? 0,
      durationMs: 0,
      maxPackets: 0,
      marker: true,
      until: '',
      requestedBy: document.requestedBy,
    },
    requestedNs: 0n,
    phase:
      startedAt === null || endedAt === null
        ? { state: 'requested' }
        : { state: 'complete', startedNs: parseInstant(startedAt), endedNs: parseInstant(endedAt) },
    taps: document.taps.map((tap) => ({
      id: tap.id,
      agent: tap.name,
      role: tap.role,
      addresses: tap.addresses,
      phase: { state: 'complete' },
      drained: true,
    })),
    prior: clockPrior && { offsetNs: BigInt(clockPrior.offsetNs), errorNs: clockPrior.errorNs },
    headline: '',
    reported: false,
  };
}

/** Reads capture.json. Throws `data-loss` when it is not what a bundle holds. */
export function parseDocument(text: string): CaptureDocument {
  try {
    const value = JSON.parse(text) as CaptureDocument;
    if (value.schema !== CAPTURE_SCHEMA) throw new TypeError(`its schema is ${value.schema}`);
    if (value.taps.length !== 2) throw new TypeError(`it has ${value.taps.length} taps`);
    // What cannot be read throws here rather than in the engine.
    if (value.source === 'agents') captureOf(value);
    else if (value.source !== 'files') throw new TypeError('its source is unknown');
    return value;
  } catch (cause) {
    throw new BothendsError('data-loss', `capture.json is damaged: ${(cause as Error).message}`, { cause });
  }
}
