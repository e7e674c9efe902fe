import type { Records } from './records.js';
import { State } from './records.js';

/** What applications said in a flow's kept packets, as bits; cheap to ask of every flow. */
export const Hint = {
  dns: 1,
  /** A DNS answer with an error code. */
  dnsError: 2,
  clientHello: 4,
  /** A TLS alert that is readable and no ordinary goodbye. */
  tlsAlert: 8,
  icmpError: 16,
} as const;

/** TLS handshake type of a ClientHello, and record type of an alert (RFC 8446, B.1 and B.3). */
const CLIENT_HELLO = 1;
const ALERT_RECORD = 21;
/** Bits of the DNS flags word (RFC 1035, 4.1.1): response, and its code. */
const DNS_RESPONSE = 0x8000;
const DNS_RCODE = 0x000f;

/** The bits of Hint that a packet shows. */
export function hintOf(records: Records, r: number): number {
  if (records.state[r] & State.icmpError) return Hint.icmpError;
  if (records.tlsRecord[r] !== 0) {
    if (records.tlsHandshake[r] === CLIENT_HELLO) return Hint.clientHello;
    return records.tlsRecord[r] === ALERT_RECORD && records.tlsAlert[r] !== 0 ? Hint.tlsAlert : 0;
  }
  const flags = records.dnsFlags[r];
  if (flags === 0 && records.dnsType[r] === 0) return 0;
  const failed = (flags & DNS_RESPONSE) !== 0 && (flags & DNS_RCODE) !== 0;
  return Hint.dns | (failed ? Hint.dnsError : 0);
}
