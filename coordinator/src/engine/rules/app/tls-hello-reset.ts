import { formatDuration } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isRst, type Packet } from '../../facts/packet.js';
import { weakest } from '../../grade.js';
import { type Draft, draft, exhibit, receiverOf } from '../draft.js';
import { resetCases } from '../resets/cases.js';
import { forgedResets } from '../resets/forged.js';
import { timeAt } from '../resets/shape.js';

/** TLS handshake type of a ClientHello. */
const CLIENT_HELLO = 1;

/**
 * A filter that reads server names answers within this time, ns: on-path ones in milliseconds, those that look the
 * name up elsewhere in some hundred. Later RSTs have another reason.
 */
const REACTION_NS = 1_000_000_000;

/**
 * `tls-hello-reset`: a RST that its alleged sender never sent ended the connection right after the ClientHello.
 * A server that read the ClientHello and aborted is no such case: its RST leaves its own tap.
 */
export function tlsHelloReset(flow: FlowFacts): Draft[] {
  const cases = resetCases(flow);
  for (const forged of forgedResets(cases)) {
    for (const { rst, origin } of cases) {
      if (origin === 'sender' || (forged.direction !== 'both' && forged.direction !== rst.toward)) continue;
      const hello = helloBefore(flow, rst);
      if (hello) return [helloReset(flow, forged, rst, hello)];
    }
  }
  return [];
}

/** The ClientHello that was the client's last word before the RST, the server not having said anything yet. */
function helloBefore(flow: FlowFacts, rst: Packet): Packet | null {
  const tap = flow.receiverTap(rst.toward);
  const limit = timeAt(rst, tap);
  if (limit === null) return null;
  const before = flow.packets.filter((p) => {
    if (p.length === 0 || p.icmp || isRst(p)) return false;
    // A ClientHello that an in-line device swallowed is seen at the client only.
    const time = timeAt(p, tap);
    return time === null ? p.at <= rst.at : time <= limit || isFollowed(p, rst);
  });
  if (before.some((p) => p.toward === 'toward-client')) return null;
  const hello = before.findLast((p) => p.tls?.handshake === CLIENT_HELLO);
  if (!hello) return null;
  const reaction = limit - (timeAt(hello, tap) ?? limit);
  return reaction <= REACTION_NS ? hello : null;
}

/** The RST's sequence number comes right after the packet, which its maker had seen even if the RST overtook it. */
function isFollowed(p: Packet, rst: Packet): boolean {
  return p.toward === rst.toward && p.relative + p.length === rst.relative;
}

function helloReset(flow: FlowFacts, forged: Draft, rst: Packet, hello: Packet): Draft {
  const receiver = receiverOf(rst.toward);
  const tap = flow.receiverTap(rst.toward);
  const seen = timeAt(hello, tap);
  const reaction = seen === null ? null : (timeAt(rst, tap) ?? seen) - seen;
  const inline = hello.fate === 'lost' ? true : hello.fate === 'delivered' ? false : null;
  const place =
    inline === null
      ? 'a device on the path'
      : inline
        ? 'a device in line, which kept the ClientHello from the server,'
        : 'a device beside the path, which let the ClientHello pass,';
  return draft({
    code: 'tls-hello-reset',
    // That the ClientHello brought it about is inferred from order and time.
    grade: weakest(forged.grade, 'strong'),
    flow,
    direction: forged.direction,
    sender: 'path',
    blame: 'path',
    at: rst.received,
    statement:
      `TCP connected, and the TLS ClientHello was answered with a RST that the ${receiver === 'client' ? 'server' : 'client'} never sent` +
      `${reaction === null ? '' : `, ${formatDuration(Math.max(0, reaction))} after it passed the ${receiver}`}: ${place} refused it, as filters of server names do.`,
    attributes: {
      inline,
      reactionUs: reaction === null ? null : Math.round(Math.max(0, reaction) / 1_000),
      hopsFromReceiver: forged.attributes.hopsFromReceiver ?? null,
    },
    evidence: [
      exhibit(
        'trigger',
        'the ClientHello is the last thing that the client said, and the server had said nothing yet',
        hello,
        rst,
      ),
      inline === true && exhibit('trigger-absent', 'it never arrived at the server', hello),
      ...forged.evidence,
    ],
    counter: forged.counter,
    assumptions: [
      ...forged.assumptions,
      { text: 'the ClientHello brought it about, not the port or the addresses alone', checked: false },
    ],
    missing: [
      ...forged.missing,
      'the same connection with another server name: only its contents differ then',
    ],
  });
}
