import { Http, NO_LENGTH } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isFin, type Packet } from '../../facts/packet.js';
import { gradeCase } from '../../grade.js';
import * as Row from '../../match/rows.js';
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
  if (short.sent === 0 && short.received === 0) return [];
  const head = flow.packets.findLast((p) => p.http?.kind === Http.response && p.http.length !== NO_LENGTH);
  // A FIN's sequence number is the end of what was sent, also as the client's tap saw it.
  const finArrived = !Number.isNaN(flow.received('toward-client', Row.FIN_END));
  const sentShort = short.sent > 0 || (short.received > 0 && finArrived);
  const ending = head && endingOf(flow, sentShort);
  if (!head?.http || !ending) return [];
  const declared = head.http.length;
  const delivered = declared - Math.max(short.sent, short.received);
  return delivered >= 0
    ? [cut(flow, head, ending, { declared, delivered, status: head.http.status }, short.sent > 0)]
    : [];
}

/** Bytes that one tap's view of the response stops short of what was declared, 0 when it does not. */
function shortage(flow: FlowFacts, view: 'sent' | 'received'): number {
  const due = flow[view]('toward-client', Row.HTTP_DUE);
  const fin = Number.isNaN(flow[view]('toward-client', Row.FIN_END)) ? 0 : 1;
  const end = flow[view]('toward-client', Row.SEQ_END) - fin;
  // A due of NaN, no body declared, compares false.
  return due > end ? due - end : 0;
}

/** The first thing that made it impossible for the rest to come; null while the connection may go on. */
function endingOf(flow: FlowFacts, sentShort: boolean): Ending | null {
  const fin = flow.packets.find((p) => isFin(p) && p.toward === 'toward-client');
  if (fin && sentShort)
    return {
      by: 'server',
      packet: fin,
      text: 'the server closed the connection (FIN) without sending the rest',
    };
  const reset = resetCases(flow).find((c) => c.effect !== 'ignored');
  if (!reset) return null;
  const { rst } = reset;
  if (reset.origin === 'path')
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
      ...(sentShort ? [exhibit('never-sent', 'the rest did not leave the server either')] : []),
    ],
  });
}
