import { hasLookAlike } from '../../facts/orphans.js';
import type { Packet } from '../../facts/packet.js';
import { controlLine, silenceAbout } from '../../facts/silence.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { count } from '../words.js';
import { DOUBLE, grade, type Handshake, noneReceived, noneSent } from './opening.js';

/** SYNs left the client and none arrived. */
export function synLost(h: Handshake): Draft | null {
  const { flow, syns } = h;
  if (
    syns.length === 0 ||
    noneSent(syns) ||
    !noneReceived(syns) ||
    h.synAcks.length > 0 ||
    h.resets.length > 0
  )
    return null;
  const quiet = silenceAbout(flow, syns);
  const first = syns[0] as Packet;
  const double = hasLookAlike(flow, first);
  return draft({
    code: 'syn-lost',
    // All that speaks for it is the silence of a tap.
    grade:
      quiet.level === 'failed' || quiet.level === 'open'
        ? 'inconclusive'
        : grade({ lines: quiet.lines + controlLine(flow), absence: quiet.level, counter: double ? 1 : 0 }),
    flow,
    direction: 'toward-server',
    sender: 'client',
    blame: 'path',
    at: first.sent,
    statement: `The client sent ${count(syns.length, 'SYN')} to ${flow.server.address} port ${flow.server.port}; none reached the server: lost on the way there.`,
    attributes: { sent: syns.length, lost: syns.length },
    evidence: [
      exhibit('seen-leaving', `${count(syns.length, 'SYN')} left the client`, ...syns.slice(0, 4)),
      exhibit('absent-at-receiver', `the server's capture has none of them: ${quiet.why}`, first),
    ],
    counter: double ? [DOUBLE] : [],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing:
      quiet.level === 'complete'
        ? []
        : ['a capture at the server that counts drops, and other traffic from the same client in it'],
  });
}
