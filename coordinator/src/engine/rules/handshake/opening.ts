import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet } from '../../facts/packet.js';
import { type Case, gradeCase } from '../../grade.js';
import { type Draft, exhibit } from '../draft.js';

/** What both taps saw of a handshake. */
export interface Handshake {
  readonly flow: FlowFacts;
  readonly syns: readonly Packet[];
  readonly synAcks: readonly Packet[];
  /** Packets of the client after the handshake's first step. */
  readonly clientLater: readonly Packet[];
  readonly resets: readonly Packet[];
}

/** One verdict about a handshake; null where it does not hold. */
export type HandshakeRule = (handshake: Handshake) => Draft | null;

/** Counter-evidence against a lost or forged SYN. */
export const DOUBLE = exhibit(
  'look-alike',
  'at the same moment the other tap saw a SYN just like it under another tuple: an address translation that rewrites numbers too',
);

export const noneSent = (packets: readonly Packet[]) => packets.every((p) => p.sent === null);
export const noneReceived = (packets: readonly Packet[]) => packets.every((p) => p.received === null);

export function grade(parts: Partial<Case> & Pick<Case, 'lines' | 'absence'>) {
  return gradeCase({ conclusive: true, headersOnly: false, counter: 0, ...parts });
}
