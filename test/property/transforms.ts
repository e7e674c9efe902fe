import type { Random } from '../truth/random.js';
import { type Capture, type CapturedPacket, LINK } from './capture-file.js';

/** Changes to a capture that must not change who did what. */
export type Transform = (capture: Capture, random: Random) => Capture;

const mapped = (
  capture: Capture,
  change: (packet: CapturedPacket, index: number) => CapturedPacket,
): Capture => ({
  ...capture,
  packets: capture.packets.map(change),
});

const HOUR_NS = 3_600_000_000_000n;

/** Another host's idea of the time of day. */
export const shiftClock: Transform = (capture) =>
  mapped(capture, (packet) => ({ ...packet, timeNs: packet.timeNs + 7n * HOUR_NS + 123_456_789n }));

/** A clock that is 100 ppm fast. */
export const driftClock: Transform = (capture) => {
  const start = capture.packets[0]?.timeNs ?? 0n;
  return mapped(capture, (packet) => ({
    ...packet,
    timeNs: packet.timeNs + (packet.timeNs - start) / 10_000n,
  }));
};

/** A clock that is set forward by 1.5 s in mid-capture. */
export const stepClock: Transform = (capture) => {
  const half = Math.floor(capture.packets.length / 2);
  return mapped(capture, (packet, index) =>
    index < half ? packet : { ...packet, timeNs: packet.timeNs + 1_500_000_000n },
  );
};

/** Headers and little more: what a snaplen of 96 leaves of an Ethernet frame. */
export const cutPackets: Transform = (capture) =>
  mapped(capture, (packet) => ({ ...packet, bytes: packet.bytes.subarray(0, 96) }));

const LINK_HEADER: Readonly<Record<number, number>> = { [LINK.ethernet]: 14, [LINK.sll2]: 20 };

/** The same packets as an interface without link headers shows them. */
export const withoutLink: Transform = (capture) => {
  const header = LINK_HEADER[capture.linkType];
  if (header === undefined) throw new RangeError(`no header length for link type ${capture.linkType}`);
  const strip = (packet: CapturedPacket) => ({
    ...packet,
    wireLength: packet.wireLength - header,
    bytes: packet.bytes.subarray(header),
  });
  return { ...mapped(capture, strip), linkType: LINK.raw };
};

const keeping = (capture: Capture, keep: (index: number) => boolean): Capture => ({
  ...capture,
  packets: capture.packets.filter((_, index) => keep(index)),
});

/** A tap that misses packets here and there. */
export const hideSome: Transform = (capture, random) => {
  const probability = random.scale(0.02, 0.5);
  return keeping(capture, () => !random.chance(probability));
};

/** A tap whose ring overflowed once. */
export const hideBurst: Transform = (capture, random) => {
  const { length } = capture.packets;
  const from = random.integer(0, length);
  const to = from + random.integer(1, Math.max(1, length >> 1));
  return keeping(capture, (index) => index < from || index >= to);
};

/** A tap that was started late. */
export const hideStart: Transform = (capture, random) => {
  const from = random.integer(1, Math.max(1, capture.packets.length - 1));
  return keeping(capture, (index) => index >= from);
};

/** A tap that was stopped early. */
export const hideEnd: Transform = (capture, random) => {
  const to = random.integer(1, Math.max(1, capture.packets.length - 1));
  return keeping(capture, (index) => index < to);
};
