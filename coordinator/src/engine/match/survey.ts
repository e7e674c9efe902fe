import { Checksum, IpFlag, Layer, type PacketTable, Tcp } from '@bothends/proto';

const TCP = 6;
/** TLS records that a verdict may look into: alerts and handshakes (RFC 8446). */
const TLS_ALERT = 21;
const TLS_HANDSHAKE = 22;

/** Bits of a survey. */
export const Seen = {
  /** A whole segment with data or a pure ACK, an open window, and no hint that a verdict may rest on. */
  uneventful: 1,
  /** Same addresses and ports, the same way, as the row before. */
  follows: 2,
} as const;

/**
 * What the rows of a table tell without anything known of their flows. One loop without calls, in which each column's
 * checks are made once: a tenth of what it takes to look at the columns when a row's turn comes.
 */
export function survey(table: PacketTable, seen: Uint8Array): void {
  const { length, layer, protocol, tcpFlags, window, checksum, tlsRecord, httpKind, dnsFlags, dnsType } =
    table;
  const { source, destination, sourcePort, destinationPort, ipVersion, ipFlags, marker } = table;
  for (let i = 0; i < length; i++) {
    const plain =
      layer[i] === Layer.transport &&
      protocol[i] === TCP &&
      (ipFlags[i] & IpFlag.fragment) === 0 &&
      (tcpFlags[i] & ~Tcp.psh) === Tcp.ack &&
      window[i] !== 0 &&
      checksum[i] !== Checksum.bad &&
      tlsRecord[i] !== TLS_ALERT &&
      tlsRecord[i] !== TLS_HANDSHAKE &&
      (httpKind[i] | dnsFlags[i] | dnsType[i] | marker[i]) === 0;
    seen[i] = plain ? Seen.uneventful : 0;
  }
  for (let i = 1, word = 4; i < length; i++, word += 4) {
    // Of what is not uneventful the columns may hold anything.
    if ((seen[i] & seen[i - 1]) === 0) continue;
    const same =
      sourcePort[i] === sourcePort[i - 1] &&
      destinationPort[i] === destinationPort[i - 1] &&
      source[word + 3] === source[word - 1] &&
      destination[word + 3] === destination[word - 1] &&
      // IPv4 addresses differ in their last word alone.
      ((ipVersion[i] === 4 && ipVersion[i - 1] === 4) ||
        (source[word + 2] === source[word - 2] &&
          destination[word + 2] === destination[word - 2] &&
          source[word + 1] === source[word - 3] &&
          destination[word + 1] === destination[word - 3] &&
          source[word] === source[word - 4] &&
          destination[word] === destination[word - 4]));
    if (same) seen[i] |= Seen.follows;
  }
}
