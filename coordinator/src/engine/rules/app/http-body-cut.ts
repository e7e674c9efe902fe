import { Http, NO_LENGTH } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isFin, type Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { gradeCase } from '../../grade.js';
import { type Draft, draft, exhibit, hostOf } from '../draft.js';
import { resetCases } from '../resets/cases.js';

/** How a connection came to its end before the body did. */
interface Ending {
  by: 'client' | 'server' | 'path' | null;
  packet: Packet;
  text: string;
}

/** `http-body-cut`: a response declared more bytes than it delivered before the connection ended. */
export function httpBodyCut(flow: FlowFacts): Draft[] {
  const short = { sent: shortage(flow, 'sent'), received: shortage(flow, 'received') };
  // What the client's tap has, or the client acknowledged, was delivered, whatever the server's tap missed.
  if (short.received === 0 || !(short.received ?? short.sent)) return [];
  const head = flow.packets.findLast((p) => p.http?.kind === Http.response && p.http.length !== NO_LENGTH);
  // A FIN's sequence number is the end of what was sent, also as the client's tap saw it.
  const finArrived = !Number.isNaN(flow.received('toward-client', Row.FIN_END));
  const sentShort = (short.sent ?? 0) > 0 || finArrived;
  const ending = head && endingOf(flow, sentShort);
  if (!head?.http || !ending) return [];
  const declared = head.http.length;
  const delivered = declared - Math.max(short.sent ?? 0, short.received ?? 0);
  return delivered >= 0
    ? [cut(flow, head, ending, { declared, delivered, status: head.http.status }, sentShort)]
    : [];
}

/** Bytes that one tap's view of the response stops short of what was declared; null where it has no such head. */
function shortage(flow: FlowFacts, view: 'sent' | 'received'): number | null {
  const due = flow[view]('toward-client', Row.HTTP_DUE);
  if (Number.isNaN(due)) return null;
  const back = view === 'sent' ? 'received' : 'sent';
  const acknowledgment = flow[back]('toward-server', Row.LAST_ACK);
  const acknowledged =
    acknowledgment < 0 ? 0 : (acknowledgment - flow[view]('toward-client', Row.SEQ_BASE)) >>> 0;
  const highest = Math.max(flow[view]('toward-client', Row.SEQ_END), plausible(acknowledged));
  const fin = Number.isNaN(flow[view]('toward-client', Row.FIN_END)) ? 0 : 1;
  return Math.max(0, due - (highest - fin));
}

/** An acknowledgment below the first byte wraps to a huge number: it belongs to another connection of the tuple. */
function plausible(offset: number): number {
  return offset < 2 ** 31 ? offset : 0;
}

/** The first thing that made it impossible for the rest to come; null while the connection may go on. */
function endingOf(flow: FlowFacts, sentShort: boolean): Ending | null {
  const fin = flow.packets.find((p) => isFin(p) && p.toward === 'toward-client');
  const reset = resetCases(flow).find((c) => c.effect !== 'ignored');
  if (fin && sentShort && (!reset || fin.at <= reset.rst.at))
    return {
      by: 'server',
      packet: fin,
      text: 'the server closed the connection (FIN) without sending the rest',
    };
  if (!reset) return null;
  const { rst } = reset;
  if (reset.origin === 'path' || reset.origin === 'tap')
    return { by: 'path', packet: rst, text: 'a RST that neither end sent ended the connection' };
  if (reset.origin === 'unclear') return { by: null, packet: rst, text: 'a RST ended the connection' };
  const by = rst.toward === 'toward-client' ? 'server' : 'client';
  const closed = flow.packets.find((p) => isFin(p) && p.toward === rst.toward && p.at <= rst.at);
  return closed
    ? {
        by,
        packet: closed,
        text: `the ${by} had closed the connection (FIN) and answered the rest with a RST`,
      }
    : { by, packet: rst, text: `the ${by} reset the connection` };
}

interface Body {
  declared: number;
  delivered: number;
  status: number;
}

function cut(flow: FlowFacts, head: Packet, ending: Ending, body: Body, sentShort: boolean): Draft {
  const byNumbers = isFin(ending.packet) && ending.packet.toward === 'toward-client';
  const share = body.declared > 0 ? Math.floor((body.delivered / body.declared) * 100) : 0;
  return draft({
    code: 'http-body-cut',
    grade: gradeCase({
      lines: sentShort ? 2 : 1,
      // The FIN's own sequence number says where the stream ends, whatever a tap missed.
      conclusive: byNumbers && ending.packet.sent !== null,
      absence: null,
      headersOnly: false,
      counter: 0,
    }),
    flow,
    direction: 'toward-client',
    sender: ending.by,
    blame: ending.by === null ? 'unknown' : ending.by === 'path' ? 'path' : hostOf(ending.by),
    at: ending.packet.sent ?? ending.packet.received,
    statement:
      `The HTTP response (status ${body.status}) declared ${body.declared} bytes and delivered ${body.delivered} (${share} %): ` +
      `${ending.text}.`,
    attributes: { ...body, endedBy: ending.by },
    evidence: [
      exhibit('head', `Content-Length: ${body.declared}`, head),
      exhibit('ended', ending.text, ending.packet),
      sentShort && exhibit('never-sent', 'the rest did not leave the server either'),
    ],
  });
}
