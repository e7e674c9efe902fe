import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { DEFAULT_SNAPLEN } from '../../capture/source.js';
import type { Policy } from '../../policy/policy.js';
import type { Limits } from './recording.js';

/**
 * What the request and the policy of the host allow, whichever is less, beyond the packets that were taken before a
 * resumption; of those the bytes are not known any more, and each counts as a full one.
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
