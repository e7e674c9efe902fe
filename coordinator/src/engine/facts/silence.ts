import { strongestVouch } from '../grade.js';
import type { Vouch } from '../taps.js';
import type { FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** Losses this far apart are no single burst of a tap, ns: resolvers and SYNs ask again after 1 s or more. */
const SPREAD_NS = 900_000_000;

/** What the silence of the far tap about several packets is worth. */
export interface Silence {
  /**
   * Independent lines: one, two when the tap kept silent at moments far apart and saw other packets in between, so that
   * no single outage of it explains the silence.
   */
  lines: number;
  level: Vouch | null;
  why: string;
}

/** Weighs packets that were seen at one tap only. */
export function silenceAbout(flow: FlowFacts, packets: readonly Packet[]): Silence {
  const vouched = packets.filter((p) => p.fate === 'lost' || p.fate === 'injected');
  const rest = vouched.length > 0 ? vouched : packets;
  const times = vouched.map((p) => p.at);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const { timeline } = flow.capture.intake;
  const isSteady = !timeline.setBack && timeline.clock().segments.length <= 1;
  const apart = isSteady && last - first >= SPREAD_NS && timeline.envelope.hasPairBetween(first, last);
  return {
    lines: apart ? 2 : 1,
    level: strongestVouch(rest.map((p) => p.vouching?.level ?? 'complete')),
    why: rest[0]?.vouching?.why ?? '',
  };
}

/** Positive control: both taps have traffic in common, so both look at this path. Worth one line. */
export function controlLine(flow: FlowFacts): number {
  return flow.matched > 0 || flow.capture.witness.hasControl ? 1 : 0;
}
