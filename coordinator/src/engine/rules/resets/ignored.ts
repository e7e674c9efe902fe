import { isFin, isSynAck } from '../../facts/packet.js';
import { gradeCase } from '../../grade.js';
import { type Draft, draft, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';
import type { ResetCase } from './cases.js';

/** `rst-ignored`: a RST arrived and had no effect (out of window, or challenged and never confirmed). */
export function ignoredResets(cases: readonly ResetCase[]): Draft[] {
  const ignored = cases.filter((c) => c.effect === 'ignored' && c.rst.received && carriesOn(c));
  const drafts: Draft[] = [];
  for (const toward of ['toward-client', 'toward-server'] as const) {
    const first = ignored.find((c) => c.rst.toward === toward);
    if (first && !tookEffectLater(cases, first)) drafts.push(ignoredReset(first));
  }
  return drafts;
}

/** Going on means data, a FIN or a second packet: a single bare ACK is a challenge whose outcome is open. */
function carriesOn(c: ResetCase): boolean {
  const { survivor, flow, rst } = c;
  if (!survivor || isSynAck(survivor)) return false;
  if (survivor.length > 0 || isFin(survivor)) return true;
  const later = flow.packets.filter(
    (p) => p.toward === survivor.toward && p.at >= survivor.at && !p.icmp && p !== rst,
  );
  return later.some((p) => p.length > 0 || isFin(p));
}

function tookEffectLater(cases: readonly ResetCase[], first: ResetCase): boolean {
  return cases.some(
    (c) => c.rst.toward === first.rst.toward && c.rst.at >= first.rst.at && c.effect === 'took-effect',
  );
}

function ignoredReset(c: ResetCase): Draft {
  const receiver = receiverOf(c.rst.toward);
  const onTheWay = c.origin === 'path' || c.origin === 'tap';
  const sender = onTheWay ? 'path' : c.origin === 'sender' ? senderOf(c.rst.toward) : null;
  return draft({
    code: 'rst-ignored',
    // That it had no effect is seen; who sent it is not.
    grade: gradeCase({
      lines: 1,
      conclusive: sender !== null,
      absence: null,
      headersOnly: false,
      counter: 0,
    }),
    flow: c.flow,
    direction: c.rst.toward,
    sender,
    blame: sender === null ? 'unknown' : sender === 'path' ? 'path' : hostOf(sender),
    at: c.rst.received,
    statement: `A RST reached the ${receiver} and had no effect: its numbers did not fit, and the connection went on.`,
    attributes: {},
    evidence: [
      exhibit('arrived', `it arrived at the ${receiver}`, c.rst),
      exhibit('went-on', `the ${receiver} went on with the connection`, c.survivor),
    ],
  });
}
