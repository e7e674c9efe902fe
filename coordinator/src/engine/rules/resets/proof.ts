import { formatDuration } from '@bothends/proto';
import { breaksIds } from '../../facts/ids.js';
import type { Packet } from '../../facts/packet.js';
import { headerMismatch } from '../../facts/path.js';
import type { Case } from '../../grade.js';
import { assume, type Draft, type Exhibit, exhibit, senderOf } from '../draft.js';
import type { ResetCase } from './cases.js';
import { misplaced } from './numbers.js';
import { lacksTimestamps, timeAt } from './shape.js';
import { arrivedTooSoon } from './too-soon.js';

/**
 * An answer in less than this share of the fastest round trip seen cannot come from the other end. Half leaves room
 * for the packets that were measured having all been slowed by queues.
 */
const TOO_FAST = 0.5;

/** What speaks for a RST having been forged: a case to be graded, and how it is told. */
export interface Proof extends Case, Pick<Draft, 'assumptions'> {
  readonly evidence: readonly Exhibit[];
}

/** The proof that the first RST of a burst was forged. `mutual`: both ends got one, and each tap lacks the other's. */
export function proofOf(burst: readonly ResetCase[], first: ResetCase, mutual: boolean): Proof {
  const { rst, livesOn, trigger } = first;
  const absent = isAbsent(first);
  const passing = first.origin === 'tap';
  // Of one kind each: who made it, what in it is unlike its alleged sender's packets, when it came, with how many others.
  const origin = originOf(first);
  const lives = livesOn && exhibit('sender-lives-on', livesOnText(first), livesOn);
  const header = told('header', oddHeader(first), rst);
  const numbers = told('numbers', misplaced(first), rst);
  const both = mutual && exhibit('both-ways', bothWaysText(first), rst);
  const fast = told('too-fast', answersTooFast(first) ?? arrivedTooSoon(first), trigger, rst);
  const guessed = told('burst', guesses(burst), ...burst.map((c) => c.rst));
  const kinds = [origin, lives, header, numbers, both, fast, guessed];
  const neverArrived = trigger?.fate === 'lost';
  const unanswerable = neverArrived && exhibit('trigger-absent', triggerAbsentText(first), trigger);
  return {
    lines: kinds.filter(Boolean).length,
    conclusive: (absent || passing) && (livesOn !== null || fast !== null || neverArrived),
    // Without the sender's own silence nothing is claimed to be absent, and what is left must not convict alone.
    absence: absent ? (rst.vouching?.level ?? null) : null,
    headersOnly: !(absent || passing),
    counter: 0,
    evidence: [...kinds, unanswerable].filter((e) => e !== null && e !== false),
    assumptions: assumptionsOf(first),
  };
}

/** Its alleged sender's tap does not have it, and nothing shows that this tap missed other packets. */
export function isAbsent({ origin, rst }: ResetCase): boolean {
  return origin === 'path' && rst.vouching?.level !== 'doubtful';
}

/** An exhibit with a text, if there is one. */
function told(kind: string, text: string | null, ...packets: (Packet | null)[]): Exhibit | null {
  return text === null ? null : exhibit(kind, text, ...packets);
}

/** That its alleged sender did not make it, by what its tap shows. */
function originOf(c: ResetCase): Exhibit | null {
  const alleged = senderOf(c.rst.toward);
  if (isAbsent(c))
    return exhibit(
      'absent-at-sender',
      `the ${alleged}'s own capture does not have it: ${c.rst.vouching?.why}`,
      c.rst,
    );
  if (c.origin !== 'tap') return null;
  const text = `the ${alleged}'s packets come in to the host of this tap and go on; the RST only went out, so that this host made it`;
  return exhibit('made-at-tap', text, c.rst);
}

const livesOnText = ({ rst }: ResetCase) =>
  `the ${senderOf(rst.toward)} went on with the connection after this RST`;

const bothWaysText = ({ rst }: ResetCase) =>
  `the ${senderOf(rst.toward)} got one, too, that this end's capture does not have: each of two captures would have to have missed one`;

const triggerAbsentText = ({ rst }: ResetCase) =>
  `the packet that it answers never arrived at the ${senderOf(rst.toward)}, who cannot have answered it`;

function assumptionsOf({ rst, origin }: ResetCase): Draft['assumptions'] {
  const vouched = rst.vouching ? [assume(rst.vouching.level, rst.vouching.why)] : [];
  if (origin === 'tap') return vouched;
  const below = `nothing below the ${senderOf(rst.toward)}'s tap (XDP, hypervisor, smart NIC) sends packets of its own`;
  return [...vouched, { text: below, checked: false }];
}

/** What in its header does not fit the other packets of its alleged sender: all of it is one line of evidence. */
export function oddHeader({ flow, rst }: ResetCase): string | null {
  const mismatch = headerMismatch(flow, rst);
  if (mismatch) return mismatch.text;
  const alleged = senderOf(rst.toward);
  if (lacksTimestamps(flow, rst)) return `it carries no TCP time stamp, the ${alleged}'s packets do`;
  if (breaksIds(flow, rst))
    return `its IP id is ${rst.ipId}, far from where the ${alleged} had come to counting`;
  return null;
}

/** What to say when the RST came sooner after the packet that it answers than the other end could have answered. */
export function answersTooFast(c: ResetCase): string | null {
  const reaction = reactionOf(c);
  const roundTrip = c.flow.roundTrip;
  if (reaction === null || roundTrip === null || roundTrip <= 0 || c.shape === 'odd') return null;
  if (reaction >= roundTrip * TOO_FAST || hasEarlierTrigger(c)) return null;
  return `it came ${formatDuration(reaction)} after the packet that it answers; the other end is at least ${formatDuration(roundTrip)} away and back`;
}

/** An earlier packet with the same numbers may have caused the RST: then its speed proves nothing. */
function hasEarlierTrigger(c: ResetCase): boolean {
  const { flow, rst, trigger } = c;
  const tap = flow.receiverTap(rst.toward);
  const limit = trigger ? timeAt(trigger, tap) : null;
  return flow.packets.some((p) => {
    if (p === trigger || p.toward === rst.toward || p.icmp) return false;
    const time = timeAt(p, tap);
    if (time === null || limit === null || time >= limit) return false;
    return p.acknowledgment === trigger?.acknowledgment && limit - time < RECENT_TRIGGER_NS;
  });
}

/** Packets older than this before the trigger would have been answered long ago. */
const RECENT_TRIGGER_NS = 3_000_000_000;

export function reactionOf(c: ResetCase): number | null {
  const { rst, trigger, flow } = c;
  const tap = flow.receiverTap(rst.toward);
  const end = timeAt(rst, tap);
  const start = trigger ? timeAt(trigger, tap) : null;
  return end === null || start === null ? null : end - start;
}

/** A stack aborts a connection once, whatever it answers afterwards; injectors send several and guess ahead. */
export function guesses(burst: readonly ResetCase[]): string | null {
  const aborts = burst.filter((c) => c.shape === 'active');
  const sequences = new Set(aborts.map((c) => c.rst.sequence));
  if (sequences.size >= 2) {
    return `${aborts.length} RSTs in a burst with ${sequences.size} different sequence numbers: no stack does that`;
  }
  return aborts.length >= 3
    ? `${aborts.length} equal RSTs in a burst: a stack aborts a connection once`
    : null;
}
