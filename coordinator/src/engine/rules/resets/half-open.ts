import type { Packet } from '../../facts/packet.js';
import { exhibit } from '../draft.js';
import { answererOf } from './answerer.js';
import type { Cause, ResetCase } from './cases.js';

/** No other cause shows: its stack has no such connection, or a rule of its firewall answered for it. */
export function halfOpen(c: ResetCase, trigger: Packet, own: readonly Packet[]): Cause {
  const answerer = answererOf(c.flow, c.rst, trigger);
  const evidence = [
    exhibit('trigger', 'it answers this packet, whose ACK number it quotes', trigger),
    ...(answerer ? [answerer.evidence] : []),
  ];
  if (answerer?.who === 'rule') {
    return {
      name: 'local-firewall',
      text: 'reset the connection by a local firewall rule (REJECT), not by its TCP stack',
      grade: 'likely',
      evidence,
      open: 'the rules of that host (counters of its REJECT rules)',
    };
  }
  const given = gaveUp(c, own);
  if (given) {
    return {
      name: 'half-open',
      text: 'had given up on the connection, because its own data was never acknowledged',
      grade: 'likely',
      evidence: [
        ...evidence,
        exhibit(
          'gave-up',
          'before that it sent the same data again and again, and none of it arrived',
          ...given,
        ),
      ],
      open: null,
    };
  }
  if (answerer?.who === 'stack') {
    return {
      name: 'half-open',
      text: 'knows nothing of this connection (any more) and said so',
      grade: own.length > 0 ? 'strong' : 'likely',
      evidence,
      open: 'a restart, a timeout or a killed process can have ended it; the log of that host tells',
    };
  }
  return {
    name: 'half-open',
    text: 'knows nothing of this connection (any more), or a REJECT rule of its own firewall answered',
    grade: 'possible',
    evidence,
    open:
      'which of the two: counters of the REJECT rules on that host; a restart, a timeout or a killed process ' +
      'that ended the connection is in its log',
  };
}

/** The sender's last data, lost each time that it was sent; null where it got through or was not repeated. */
function gaveUp({ flow, rst }: ResetCase, own: readonly Packet[]): Packet[] | null {
  const last = own.filter((p) => p.length > 0).at(-1);
  const sendings = own.filter((p) => p.length > 0 && p.sequence === last?.sequence);
  const acknowledged = flow.packets.some(
    (p) => p.toward !== rst.toward && p.received && last && ((p.acknowledgment - last.sequence) | 0) > 0,
  );
  return sendings.length > 1 && sendings.every((p) => p.fate === 'lost') && !acknowledged ? sendings : null;
}
