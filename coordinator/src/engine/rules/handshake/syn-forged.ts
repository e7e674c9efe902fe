import { hasLookAlike } from '../../facts/orphans.js';
import { headerMismatch } from '../../facts/path.js';
import { silenceAbout } from '../../facts/silence.js';
import { saidOrOpen } from '../../grade.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { quotes } from '../resets/shape.js';
import { count } from '../words.js';
import { DOUBLE, grade, type Handshake } from './opening.js';

/** The server got a SYN that the client never sent. */
export function synForged(h: Handshake): Draft | null {
  const { flow, syns } = h;
  const foreign = syns.find((p) => p.received && !p.sent && p.fate === 'injected');
  if (!foreign || flow.belongs !== 'yes' || syns.some((p) => p.sent) || h.clientLater.some((p) => p.sent))
    return null;
  const refusal = h.resets.find(
    (p) => p.toward === 'toward-server' && p.sent && h.synAcks.some((q) => quotes(p, q)),
  );
  const double = hasLookAlike(flow, foreign);
  return draft({
    code: 'syn-forged',
    grade: saidOrOpen(
      grade({
        lines: silenceAbout(flow, syns).lines + (headerMismatch(flow, foreign) ? 1 : 0) + (refusal ? 1 : 0),
        absence: foreign.vouching?.level ?? null,
        counter: double ? 1 : 0,
      }),
    ),
    flow,
    direction: 'toward-server',
    sender: 'path',
    blame: 'path',
    at: foreign.received,
    statement: (final) =>
      final === 'inconclusive'
        ? `The server got ${count(syns.length, 'SYN')} in the client's name that the client's capture does not show: forged, or missed by that capture.`
        : `The server got ${count(syns.length, 'SYN')} in the client's name that the client never sent.`,
    attributes: { count: syns.length },
    evidence: [
      exhibit('absent-at-sender', `the client's capture does not have it: ${foreign.vouching?.why}`, foreign),
      refusal && exhibit('refused', 'the client reset the SYN-ACK: it had asked for nothing', refusal),
    ],
    counter: double ? [DOUBLE] : [],
    assumptions: foreign.vouching ? [assume(foreign.vouching.level, foreign.vouching.why)] : [],
    missing: [
      'whether an address translation or a proxy stands between (a SYN of another tuple at the same moment)',
    ],
  });
}
