import { type Frame, flagsOf, parseFrame, repairChecksums, setTos, TCP } from './frame.js';
import type { ResetAction, Toward } from './rules.js';

const ETHERNET = 14;
const TCP_HEADER = 20;
const SYN = 2;
const FIN = 1;
const RST = 4;
const ACK = 16;

/** The RSTs that a trigger calls forth, with the end that each goes to. */
export function forgeResets(
  trigger: Frame,
  toward: Toward,
  action: ResetAction,
): { frame: Uint8Array; toward: Toward }[] {
  return action.toward.flatMap((target) =>
    action.offsets.map((offset) => ({
      toward: target,
      frame: forgeReset(trigger, target === toward, offset, action),
    })),
  );
}

/**
 * A RST in the name of the trigger's sender (`along`) or of its destination, `offset` from the number that the victim
 * expects. IPv4 identification 0, no options.
 */
function forgeReset(
  trigger: Frame,
  along: boolean,
  offset: number,
  { ttl, acknowledges, window = 0 }: Pick<ResetAction, 'ttl' | 'acknowledges' | 'window'>,
): Uint8Array {
  const bytes = trigger.bytes.slice(0, trigger.transport + TCP_HEADER);
  const view = new DataView(bytes.buffer);
  const ipHeader = trigger.transport - ETHERNET;
  if (trigger.version === 4) {
    view.setUint16(ETHERNET + 2, ipHeader + TCP_HEADER);
    view.setUint16(ETHERNET + 4, 0);
  } else view.setUint16(ETHERNET + 4, TCP_HEADER);
  if (ttl !== 'mirrored') bytes[ETHERNET + (trigger.version === 4 ? 8 : 7)] = ttl;
  const at = trigger.transport;
  const { sequence, acknowledgment } = numbersAfter(trigger, along);
  view.setUint32(at + TCP.sequence, (sequence + offset) >>> 0);
  view.setUint32(at + TCP.acknowledgment, acknowledges ? acknowledgment : 0);
  bytes[at + TCP.dataOffset] = (TCP_HEADER / 4) << 4;
  bytes[at + TCP.flags] = acknowledges ? RST | ACK : RST;
  view.setUint16(at + TCP.window, window);
  view.setUint16(at + TCP.checksum + 2, 0);
  if (!along) turnAround(bytes, trigger);
  const frame = parseFrame(bytes);
  if (!frame) throw new RangeError('a forged RST is not a packet: the trigger was no TCP segment');
  setTos(frame, 0);
  repairChecksums(frame);
  return bytes;
}

/** What comes next on the flow after the trigger, seen from the RST's alleged sender. */
function numbersAfter(trigger: Frame, along: boolean): { sequence: number; acknowledgment: number } {
  const { view, transport, payload, end } = trigger;
  const flags = flagsOf(trigger);
  const length = end - payload + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  const next = (view.getUint32(transport + TCP.sequence) + length) >>> 0;
  const acknowledged = view.getUint32(transport + TCP.acknowledgment);
  return along
    ? { sequence: next, acknowledgment: acknowledged }
    : { sequence: acknowledged, acknowledgment: next };
}

/** Swaps link addresses, IP addresses and ports. */
function turnAround(bytes: Uint8Array, { version, transport }: Frame): void {
  swap(bytes, 0, 6);
  if (version === 4) swap(bytes, ETHERNET + 12, 4);
  else swap(bytes, ETHERNET + 8, 16);
  swap(bytes, transport, 2);
}

function swap(bytes: Uint8Array, at: number, size: number): void {
  const first = bytes.slice(at, at + size);
  bytes.copyWithin(at, at + size, at + 2 * size);
  bytes.set(first, at + size);
}
