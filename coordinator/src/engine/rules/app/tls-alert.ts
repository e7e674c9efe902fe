import { Tcp } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isFin, isRst, type Packet, type Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { gradeCase } from '../../grade.js';
import { type Draft, draft, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';
import { alertName } from './tls-alert-names.js';

const ALERT_RECORD = 21;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const FATAL = 2;

/** Descriptions by which an end says goodbye: close_notify, user_canceled, no_renegotiation (RFC 8446 6, RFC 5246 7.2). */
const GOODBYES: ReadonlySet<number> = new Set([0, 90, 100]);

/**
 * An alert encrypted by TLS 1.3: header 5, alert 2, content type 1, tag 16 bytes; and the same after the
 * ChangeCipherSpec record of 6 bytes that most clients send for old middleboxes. A Finished takes 58 bytes or more.
 */
const ENCRYPTED_ALERT_BYTES: readonly number[] = [24, 30];

/** `tls-alert`: an end said by an alert that it will not go on. */
export function tlsAlerts(flow: FlowFacts): Draft[] {
  const said = flow.packets.find((p) => p.tls?.record === ALERT_RECORD && isFault(flow, p));
  return said ? [plainAlert(flow, said)] : [];
}

/** A fatal alert, or one whose sender ended the connection with it. */
function isFault(flow: FlowFacts, p: Packet): boolean {
  const { tls } = p;
  if (!tls || tls.alertLevel === 0 || GOODBYES.has(tls.alert) || p.copy || p.repeat) return false;
  return tls.alertLevel === FATAL || endOf(flow, p.toward, p.at) !== null;
}

/** The FIN or RST by which a direction's sender ended the connection from `at` on. */
function endOf(flow: FlowFacts, toward: Toward, at: number): Packet | null {
  return flow.packets.find((p) => p.toward === toward && p.at >= at && (isFin(p) || isRst(p))) ?? null;
}

function plainAlert(flow: FlowFacts, p: Packet): Draft {
  const alleged = senderOf(p.toward);
  const forged = p.fate === 'injected';
  const sender = forged ? 'path' : alleged;
  const alert = p.tls?.alert ?? 0;
  const level = p.tls?.alertLevel === FATAL ? 'fatal' : 'warning';
  const end = endOf(flow, p.toward, p.at);
  const name = alertName(alert);
  const who = forged ? `A device on the path, in the ${alleged}'s name,` : `The ${alleged}`;
  return draft({
    code: 'tls-alert',
    grade: gradeCase({
      lines: 1 + (end ? 1 : 0),
      conclusive: p.sent !== null,
      absence: p.sent ? null : (p.vouching?.level ?? null),
      headersOnly: false,
      counter: 0,
    }),
    flow,
    direction: p.toward,
    sender,
    blame: sender === 'path' ? 'path' : hostOf(sender),
    at: p.sent ?? p.received,
    statement: `${who} ended TLS with the ${level} alert ${name} (${alert})${reasonFor(alert, receiverOf(p.toward), isAgreed(flow, p))}.`,
    attributes: { level, alert, name, encrypted: false },
    evidence: [
      exhibit('alert', `${level} alert ${name} (${alert})`, p),
      end && exhibit('ended', `then the ${alleged} ended the connection`, end),
      forged &&
        exhibit('absent-at-sender', `the ${alleged}'s own capture does not have it: ${p.vouching?.why}`, p),
    ],
  });
}

/** A ServerHello, which settles version and cipher, had gone by. */
function isAgreed(flow: FlowFacts, alert: Packet): boolean {
  return flow.packets.some(
    (p) => p.toward === 'toward-client' && p.tls?.handshake === SERVER_HELLO && p.at < alert.at,
  );
}

/** What an on-call engineer hears from the alert, where it names a culprit. */
function reasonFor(alert: number, other: string, agreed: boolean): string {
  if ([42, 43, 44, 45, 46, 48].includes(alert)) return `: it does not accept the ${other}'s certificate`;
  if (alert === 116) return `: the ${other} sent no certificate`;
  if (alert === 40 && agreed) {
    return `: version and cipher were agreed on, so that it is about what came after, often a certificate that the ${other} should have sent`;
  }
  if (alert === 40 || alert === 70 || alert === 71) return ': no protocol version or cipher that both accept';
  return alert === 112 ? ': it does not serve the name that was asked for' : '';
}

/** `tls-alert` of a client that ended the handshake where its Finished belongs, with as many bytes as an encrypted alert takes. */
export function tlsEncryptedAlert(flow: FlowFacts): Draft[] {
  const made = encryptedAlert(flow);
  return made ? [made] : [];
}

function encryptedAlert(flow: FlowFacts): Draft | null {
  if (!ENCRYPTED_ALERT_BYTES.includes(clientBytes(flow) - flow.sent('toward-server', Row.LARGEST)))
    return null;
  const hello = flow.packets.find(
    (p) => p.tls?.handshake === CLIENT_HELLO && p.toward === 'toward-server' && p.sent,
  );
  if (!hello?.sent || hello.relative !== 1 || flow.received('toward-client', Row.BYTES) === 0) return null;
  const end = endOf(flow, 'toward-server', hello.at);
  if (!end?.sent) return null;
  const after = clientBytes(flow) - hello.length;
  if (!ENCRYPTED_ALERT_BYTES.includes(after)) return null;
  return draft({
    code: 'tls-alert',
    grade: 'likely',
    flow,
    direction: 'toward-server',
    sender: 'client',
    blame: 'client-host',
    at: end.sent,
    statement:
      'The client broke off the TLS handshake after the server had answered: in place of its Finished it sent ' +
      `${after} bytes, the size of an encrypted alert, and ${end.flags & Tcp.rst ? 'reset' : 'closed'} the connection.`,
    attributes: { level: null, alert: null, name: null, encrypted: true },
    evidence: [
      exhibit('handshake', 'ClientHello, then the answer of the server', hello),
      exhibit('ended', `${after} bytes later the client ended the connection`, end),
    ],
    assumptions: [{ text: 'those bytes are an alert: TLS 1.3 encrypts it', checked: false }],
    missing: ["the client's own error text, which names the alert: certificate trouble is the common cause"],
  });
}

/** Bytes that the client sent. Sequence numbers count the SYN, and the FIN where there is one, beside them. */
function clientBytes(flow: FlowFacts): number {
  const fin = Number.isNaN(flow.sent('toward-server', Row.FIN_END)) ? 0 : 1;
  return flow.sent('toward-server', Row.SEQ_END) - 1 - fin;
}
