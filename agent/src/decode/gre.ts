import type { Cursor } from './cursor.js';
import { EtherType, type Next, Tunnel } from './next.js';

/** GRE (RFC 2784, 2890): flag bits of the first word; checksum, key and sequence number add a field each. */
const GRE_HEADER = 4;
const GRE_FIELD = 4;
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
/** PPTP's version 1 (RFC 2637) can carry an acknowledgment, too. */
const GRE_ACKNOWLEDGMENT = 0x0080;
const GRE_VERSION_MASK = 0x0007;
const FIELDS = [GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE, GRE_ACKNOWLEDGMENT] as const;

/** A GRE header. */
export function decodeGre(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < GRE_HEADER) return c.tooShort();
  const flags = view.getUint16(at);
  const type = view.getUint16(at + 2);
  const isPptp = (flags & GRE_VERSION_MASK) === 1 && type === EtherType.ppp;
  // Source routing is long dead.
  if ((flags & GRE_ROUTING) !== 0 || ((flags & GRE_VERSION_MASK) !== 0 && !isPptp)) return c.unsupported();
  c.at = at + GRE_HEADER;
  for (const field of FIELDS) if ((flags & field) !== 0) c.at += GRE_FIELD;
  if (c.at > c.end) return c.tooShort();
  c.enterTunnel(Tunnel.gre);
  // ERSPAN of type I, told by its lack of a sequence number, has no header of its own.
  const bare = type === EtherType.erspan2 && (flags & GRE_SEQUENCE) === 0;
  return bare ? EtherType.bridged : type;
}

/** ERSPAN: mirrored frames behind a header of type II or III; III can have a subheader of the platform's own. */
const ERSPAN2_HEADER = 8;
const ERSPAN3_HEADER = 12;
const ERSPAN3_SUBHEADER = 8;
/** Last word of a type III header: frame type in five bits (0: Ethernet), and whether a subheader follows. */
const FRAME_TYPE = 0x7c00;
const HAS_SUBHEADER = 1;

export function decodeErspan2(c: Cursor): Next {
  if (c.end - c.at < ERSPAN2_HEADER) return c.tooShort();
  c.at += ERSPAN2_HEADER;
  return EtherType.bridged;
}

export function decodeErspan3(c: Cursor): Next {
  if (c.end - c.at < ERSPAN3_HEADER) return c.tooShort();
  const last = c.view.getUint16(c.at + ERSPAN3_HEADER - 2);
  if ((last & FRAME_TYPE) !== 0) return c.unsupported();
  c.at += ERSPAN3_HEADER + ((last & HAS_SUBHEADER) !== 0 ? ERSPAN3_SUBHEADER : 0);
  return c.at > c.end ? c.tooShort() : EtherType.bridged;
}
