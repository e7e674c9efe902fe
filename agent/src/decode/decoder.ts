import { IpFlag, type PacketTable } from '@bothends/proto';
import { Cursor } from './cursor.js';
import { writeDefaults } from './defaults.js';
import { FILE_DIGEST_KEY, KeyedDigest } from './digest.js';
import { decodeEthernet, decodeVlan, decodeVnTag } from './ethernet.js';
import { FileDigest } from './file-digest.js';
import { decodeErspan2, decodeErspan3, decodeGre } from './gre.js';
import { decodeIcmp, decodeIcmpv6 } from './icmp.js';
import { decodeAuthentication, decodeIpv4 } from './ipv4.js';
import { decodeIpv6 } from './ipv6.js';
import { linkDecoder } from './link.js';
import { decodeLlc, FIRST_ETHERTYPE } from './llc.js';
import { decodeMpls } from './mpls.js';
import type { NameBook } from './name-book.js';
import { EtherType, IP_PROTOCOL, type Next, Protocol, STOP, Tunnel } from './next.js';
import { opaquePayload } from './payload.js';
import { PlainDecoder } from './plain.js';
import { decodePpp, decodePppoe } from './ppp.js';
import { decodeTcp } from './tcp.js';
import { decodeIpInIp, decodeMplsInIp } from './tunnel.js';
import { decodeUdp } from './udp.js';

/** What a decoder is made for. */
export interface DecoderOptions {
  /** LINKTYPE number of the packets. */
  readonly linkType: number;
  /**
   * 16 bytes, the same at all taps of a capture; without it the published key for files. null: payloads get quick digests
   * without a secret, which must not leave the machine.
   */
  readonly digestKey?: Uint8Array | null;
  /** Takes the names of packets in clear, beside the digests in their rows. */
  readonly names?: NameBook | null;
  /** Decodes the link header in place of the link type's own decoder, where packets come without one or with more. */
  readonly link?: (c: Cursor) => Next;
  /** Does without the add-on for plain packets, wherever it is. */
  readonly portable?: boolean;
}

/**
 * Decodes packets of one link type into rows of a packet table. Never throws on packets, never reads outside the
 * captured bytes, allocates nothing per packet.
 */
export class Decoder {
  readonly linkType: number;
  /** For the plain packets of a run; null where its add-on is not there. */
  readonly plain: PlainDecoder | null;
  readonly #link: (c: Cursor) => Next;
  readonly #cursor: Cursor;
  #bytes: Uint8Array | null = null;

  /** Throws `unsupported` for a link type that is not read. */
  constructor(options: DecoderOptions) {
    this.linkType = options.linkType;
    this.#link = options.link ?? linkDecoder(options.linkType);
    const keyed = new KeyedDigest(options.digestKey ?? FILE_DIGEST_KEY);
    const quick = options.digestKey === null;
    this.#cursor = new Cursor(keyed, quick ? new FileDigest() : keyed, options.names ?? null);
    this.plain = options.portable === true ? null : PlainDecoder.load(this.linkType, keyed, quick);
  }

  /**
   * Appends one packet to `table`, which must have room: `capturedLength` bytes of `bytes` from `start`, all inside it.
   * Lengths in bytes; `timeOffsetNs` counts from `table.baseNs`.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    capturedLength: number,
    wireLength: number,
    timeOffsetNs: number,
    table: PacketTable,
  ): void {
    const c = this.#cursor;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      c.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    if (table.length === 0 && !table.isBlank) writeDefaults(table);
    const row = table.length++;
    table.time[row] = timeOffsetNs;
    table.wireLength[row] = wireLength;
    table.capturedLength[row] = capturedLength;
    c.table = table;
    c.row = row;
    c.at = start;
    c.end = start + capturedLength;
    // A file may claim less on the wire than it holds.
    c.wireEnd = start + Math.max(wireLength, capturedLength);
    c.layer = 0;
    c.marks = 0;
    let next = this.#link(c);
    while (next !== STOP) next = next < IP_PROTOCOL ? decodeNetwork(c, next) : decodeTransport(c, next);
    table.layer[row] = c.layer;
    table.marks[row] = c.marks;
  }
}

function decodeNetwork(c: Cursor, etherType: number): Next {
  switch (etherType) {
    case EtherType.ipv4:
      return decodeIpv4(c);
    case EtherType.ipv6:
      return decodeIpv6(c);
    case EtherType.vlan:
    case EtherType.serviceVlan:
    case EtherType.oldQinq:
      return decodeVlan(c);
    case EtherType.bridged:
      return decodeEthernet(c);
    case EtherType.pppoeSession:
      return decodePppoe(c);
    case EtherType.mpls:
    case EtherType.mplsMulticast:
      return decodeMpls(c);
    default:
      return decodeRarer(c, etherType);
  }
}

/** Headers that are not on every link; in a function of their own, so that the usual walk stays short. */
function decodeRarer(c: Cursor, etherType: number): Next {
  switch (etherType) {
    case EtherType.jumboLlc:
      return decodeLlc(c);
    case EtherType.vnTag:
      return decodeVnTag(c);
    case EtherType.ppp:
      return decodePpp(c);
    case EtherType.erspan2:
      return decodeErspan2(c);
    case EtherType.erspan3:
      return decodeErspan3(c);
    default:
      return etherType < FIRST_ETHERTYPE ? decodeLlc(c) : c.unsupported();
  }
}

function decodeTransport(c: Cursor, next: Next): Next {
  const protocol = next - IP_PROTOCOL;
  if (protocol === Protocol.tcp) return decodeTcp(c);
  if (protocol === Protocol.udp) return decodeUdp(c);
  if (protocol === Protocol.icmp) return decodeIcmp(c);
  if (protocol === Protocol.icmpv6) return decodeIcmpv6(c);
  // The rest of a fragmented tunnel packet is elsewhere: its inner packet would look damaged.
  const whole = ((c.table.ipFlags[c.row] as number) & IpFlag.fragment) === 0;
  if (whole && protocol === Protocol.gre) return decodeGre(c);
  if (whole && protocol === Protocol.ipip) return decodeIpInIp(c, Tunnel.ipip);
  if (whole && protocol === Protocol.ipv6) return decodeIpInIp(c, Tunnel.sixInFour);
  if (whole && protocol === Protocol.mplsInIp) return decodeMplsInIp(c);
  if (whole && protocol === Protocol.authentication) return decodeAuthentication(c);
  c.unsupported();
  return opaquePayload(c);
}
