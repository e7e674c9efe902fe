import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { DEFAULT_SNAPLEN } from '../../capture/source.js';
import type { Policy } from '../../policy/policy.js';
import type { Limits } from './recording.js';

/**
 * The lesser of what the request and the host's policy allow, beyond the packets taken before a resumption. How
 * many bytes those had is no longer known, so each counts as a full packet.
 */
export function limitsOf(
  { maxPackets: wanted, snaplen: asked }: Pick<Arm, 'maxPackets' | 'snaplen'>,
  { maxPackets, maxBytes, maxSnaplen }: Policy,
  takenPackets: number,
): Limits {
  const packets = Number(wanted) || Number.POSITIVE_INFINITY;
  const snaplen = Math.min(asked || DEFAULT_SNAPLEN, maxSnaplen);
  return {
    packets: Math.min(packets, maxPackets ?? Number.POSITIVE_INFINITY) - takenPackets,
    bytes: (maxBytes ?? Number.POSITIVE_INFINITY) - takenPackets * snaplen,
  };
}
