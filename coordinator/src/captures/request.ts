import { BothendsError, MAX_FILTER_LENGTH } from '@bothends/proto';
import type { StartCaptureRequest } from '@bothends/proto/gen/bothends/v1/bothends';
import { type CaptureRequest, UNTIL, type Until } from './capture.js';

/** A capture that nobody stops ends by itself; also what agents allow by default. */
const DEFAULT_DURATION_MS = 10 * 60_000;
/** A day: longer is a monitoring system's job, and would fill disks unseen. */
const MAX_DURATION_MS = 86_400_000;
/** What a packet can hold at most (tcpdump's own maximum). */
const MAX_SNAPLEN = 262_144;

/**
 * The request with defaults filled in. Whether a host allows it is for its agent to say.
 * @throws BothendsError `invalid-argument` that names the value and its limit
 */
export function checkRequest(request: StartCaptureRequest, requestedBy: string): CaptureRequest {
  const { client, server, filter, snaplen, port } = request;
  if (client === server) {
    refuse(`${client} cannot be both ends: name two different hosts`);
  }
  if (filter.length > MAX_FILTER_LENGTH)
    refuse(`the filter has ${filter.length} characters (max ${MAX_FILTER_LENGTH})`);
  if (filter.trimStart().startsWith('-')) refuse('a filter cannot begin with "-": options go before it');
  if (request.interface.startsWith('-')) refuse('an interface cannot begin with "-"');
  if (snaplen > MAX_SNAPLEN)
    refuse(`a snaplen of ${snaplen} is more than a packet can hold (max ${MAX_SNAPLEN})`);
  if (port > 65535) refuse(`there is no port ${port} (max 65535)`);
  const durationMs = Number(request.durationMs);
  if (durationMs > MAX_DURATION_MS) refuse('a capture lasts a day at most (--duration 24h)');
  return {
    client,
    server,
    filter,
    interface: request.interface || 'any',
    snaplen,
    durationMs: durationMs || DEFAULT_DURATION_MS,
    maxPackets: Number(request.maxPackets),
    backEnd: request.backEnd,
    port,
    marker: !request.noMarker,
    until: checkUntil(request.until),
    requestedBy,
    ...(request.clearNames ? { clearNames: true } : {}),
    ...(request.keepRaw ? { keepRaw: true } : {}),
  };
}

function checkUntil(until: string): Until {
  const known = UNTIL.find((value) => value === until);
  return known ?? refuse(`--until takes rst or finding, not "${until.slice(0, 40)}"`);
}

function refuse(message: string): never {
  throw new BothendsError('invalid-argument', message);
}
